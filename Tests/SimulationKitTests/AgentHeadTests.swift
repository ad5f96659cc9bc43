import Hashing
import Model
import SimulationKit
import Testing
import Vectors

/// States drawn from a seed.
private struct StateDraw {
    var generator: SeededGenerator

    init(_ seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func text() -> String {
        let words = ["", "a", "Grüße", "🙂", "a \"quoted\" word", String(repeating: "long ", count: 60)]
        return words[generator.below(words.count)] + "\(generator.below(1_000))"
    }

    mutating func value(_ depth: Int = 0) -> Value {
        switch generator.below(depth > 2 ? 5 : 7) {
        case 0: .null
        case 1: .bool(generator.below(2) == 0)
        case 2: .int(Int64(bitPattern: generator.next()))
        case 3: .double(Double(generator.below(1_000)) / 7)
        case 4: .text(text())
        case 5: .list((0..<generator.below(4)).map { _ in value(depth + 1) })
        default:
            .map(Dictionary((0..<generator.below(4)).map { _ in (text(), value(depth + 1)) }) { first, _ in first })
        }
    }

    mutating func entries(_ most: Int) -> [MemoryState.Entry] {
        (0..<generator.below(most)).map { _ in
            MemoryState.Entry(text: text(), time: Int64(generator.below(1_000_000)) - 1_000)
        }
    }

    mutating func longEntries(_ most: Int) -> [MemoryState.LongEntry] {
        (0..<generator.below(most)).map { _ in
            MemoryState.LongEntry(
                text: text(), time: Int64(generator.below(1_000_000)), importance: UInt8(generator.below(11)),
                vector: generator.below(3) == 0
                    ? nil : FixedVector(components: (0..<8).map { _ in Int16(generator.below(20_000) - 10_000) }))
        }
    }

    mutating func state() -> AgentState {
        var state = AgentState()
        for _ in 0..<generator.below(5) { state.fields[text()] = value() }
        state.memory = MemoryState(
            short: entries(5), pending: entries(6), long: longEntries(9),
            accumulator: Int64(generator.below(2_000)) - 1_000)
        state.inbox = (0..<generator.below(4)).map { number in
            AgentState.InboxMessage(
                sender: number == 0 ? .environment : AgentID(number: UInt32(number)), subject: text(), body: value())
        }
        return state
    }
}

private func chain(_ state: AgentState) -> MemoryChain {
    var chain = MemoryChain()
    chain.append(contentsOf: state.memory.long)
    return chain
}

@Suite struct AgentHeadTests {
    @Test(arguments: UInt64(0)..<60) func aStateComesBackFromItsHeadAndItsMemories(seed: UInt64) throws {
        var draw = StateDraw(seed)
        let state = draw.state()
        let head = state.packedHead(chain(state))
        var (restored, chain) = try AgentState.restored(head: head)
        #expect(restored.memory.archived == state.memory.long.count, "seed \(seed)")
        #expect(restored.memory.longCount == state.memory.longCount)
        #expect(restored.memory.lastLongTime == state.memory.lastLongTime)
        #expect(restored.memory.needsQuery(MemorySettings()) == state.memory.needsQuery(MemorySettings()))
        let settings = MemorySettings()
        #expect(restored.memory.hasPending(settings) == state.memory.hasPending(settings))
        // Packed again without its memories it is the same head.
        #expect(restored.packedHead(chain) == head, "seed \(seed)")
        restored.memory.restore(state.memory.long, settings: settings)
        #expect(restored == state, "seed \(seed)")
        #expect(restored.packedHead(chain) == head, "seed \(seed)")
    }

    @Test(arguments: UInt64(0)..<40) func archivedMemoryGoesOnAsIfItWereHere(seed: UInt64) throws {
        var draw = StateDraw(seed)
        var whole = draw.state()
        var archived = try AgentState.restored(head: whole.packedHead(chain(whole))).state
        let prefix = whole.memory.long
        let settings = MemorySettings(short: 2)
        for step in 0..<6 {
            // Insights without a rated entry carry the time of the last memory, wherever that is.
            let result = Consolidation(
                importances: (0..<draw.generator.below(3)).map { _ in UInt8(1 + draw.generator.below(10)) },
                insights: (0..<draw.generator.below(3)).map { _ in .init(text: draw.text(), importance: 4) },
                accumulator: Int64(step))
            let text = draw.text()
            func go(_ memory: inout MemoryState) {
                memory.remember(text, time: Int64(step), settings: settings)
                memory.consolidate(result, settings: settings) { _ in nil }
            }
            go(&whole.memory)
            go(&archived.memory)
            #expect(archived.memory.longCount == whole.memory.longCount)
            #expect(archived.memory.lastLongTime == whole.memory.lastLongTime, "seed \(seed)")
        }
        archived.memory.restore(prefix, settings: settings)
        #expect(archived == whole, "seed \(seed)")
    }

    @Test(arguments: UInt64(0)..<30) func damagedHeadsAreRefusedOrReadAndNeverTrap(seed: UInt64) {
        var draw = StateDraw(seed)
        let state = draw.state()
        let head = state.packedHead(chain(state))
        for _ in 0..<200 {
            var damaged = head
            switch draw.generator.below(3) {
            case 0: damaged[draw.generator.below(damaged.count)] ^= UInt8(1 << draw.generator.below(8))
            case 1: damaged.removeLast(1 + draw.generator.below(damaged.count))
            default: damaged.insert(UInt8(draw.generator.below(256)), at: draw.generator.below(damaged.count))
            }
            guard let (read, chain) = try? AgentState.restored(head: damaged) else { continue }
            #expect(read.memory.archived == Int(chain.count))
        }
        #expect(throws: (any Error).self) { try AgentState.restored(head: Array(head.dropLast())) }
        #expect(throws: (any Error).self) { try AgentState.restored(head: []) }
    }

    @Test func aHeadOfANewerVersionIsRefusedAsSuch() {
        var head = AgentState().packedHead(MemoryChain())
        head[1] = 3
        #expect(throws: DecodingFailure.newerVersion(found: 3, known: 2)) { try AgentState.restored(head: head) }
    }

    @Test func everyPartOfAMemoryChangesItsChain() {
        let entry = MemoryState.LongEntry(
            text: "a", time: 1, importance: 2, vector: FixedVector(components: [1, 2, 3]))
        let others = [
            MemoryState.LongEntry(text: "b", time: 1, importance: 2, vector: entry.vector),
            MemoryState.LongEntry(text: "a", time: 2, importance: 2, vector: entry.vector),
            MemoryState.LongEntry(text: "a", time: 1, importance: 3, vector: entry.vector),
            MemoryState.LongEntry(text: "a", time: 1, importance: 2, vector: nil),
            MemoryState.LongEntry(text: "a", time: 1, importance: 2, vector: FixedVector(components: [1, 3, 2])),
        ]
        func chain(_ entries: [MemoryState.LongEntry]) -> MemoryChain {
            var chain = MemoryChain()
            chain.append(contentsOf: entries)
            return chain
        }
        #expect(Set(others.map { chain([$0]) } + [chain([entry]), MemoryChain()]).count == others.count + 2)
        #expect(chain([entry, others[0]]) != chain([others[0], entry]))
    }
}
