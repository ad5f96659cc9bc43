import Hashing
import Model
import SimulationKit
import Testing
import Vectors

@testable import TurnEngine

/// A few rounds of operations on three agents, drawn from a seed.
private struct Play {
    struct Change {
        var target: AgentID
        var operation: Model.Operation
    }

    static let agents = [World.ada, World.ben, World.cleo]
    var rounds: [[Change]] = []

    init(seed: UInt64, rounds count: Int) {
        var draw = SeededGenerator(seed: seed)
        for round in 0..<count {
            var changes: [Change] = []
            // An agent consolidates at most once in a round, and first.
            for agent in Self.agents where draw.below(2) == 0 {
                let result = Consolidation(
                    importances: (0..<draw.below(4)).map { _ in UInt8(1 + draw.below(10)) },
                    insights: (0..<draw.below(3)).map { _ in .init(text: "insight \(draw.below(9))", importance: 7) },
                    accumulator: Int64(draw.below(100)))
                changes.append(Change(target: agent, operation: .consolidate(result)))
            }
            for _ in 0..<draw.below(12) {
                let target = Self.agents[draw.below(3)]
                let operation: Model.Operation =
                    switch draw.below(6) {
                    case 0: .set(field: "mood", value: .text("mood \(draw.below(5))"))
                    case 1: .add(field: "score", amount: Int64(draw.below(9)))
                    case 2: .append(field: "list", value: .int(Int64(draw.below(9))))
                    case 3: .message(sender: World.ben, subject: "s\(draw.below(3))", body: .int(1))
                    case 4: .claimResult(owner: World.cleo, resource: "job", granted: draw.below(2) == 0)
                    default: .remember(text: "memory \(draw.below(50))", time: Int64(round * 100))
                    }
                changes.append(Change(target: target, operation: operation))
            }
            rounds.append(changes)
        }
    }

    static func vector(_ text: String) -> FixedVector? {
        let low = contentHash(text).low
        return low % 4 == 0 ? nil : FixedVector(components: [Int16(low % 1_000), 5, 7])
    }

    /// Merges a round into a table.
    func merge(_ round: UInt32, into table: inout AgentTable) {
        table.beginMerge(round)
        for change in rounds[Int(round) - 1] {
            table.merge(change.operation, target: change.target, round: round, vector: Self.vector)
        }
        table.endMerge()
    }
}

/// What a recorder would hold of snapshots.
private struct Kept {
    var heads: [AgentID: (round: UInt32, head: [UInt8])] = [:]
    var memories: [AgentID: [MemoryState.LongEntry]] = [:]

    /// Takes a change in as the recorder does, and tells the table.
    mutating func take(_ change: AgentChange, round: UInt32, from table: inout AgentTable) throws {
        var chain = try #require(table.saved(for: change))
        let (entries, known) = try #require(change.additions(to: chain))
        let before = memories[change.agent, default: []]
        // Behind what is there, or anew where some of it was forgotten.
        #expect(known == before.count || known == 0)
        chain.append(contentsOf: entries)
        memories[change.agent] = Array(before.prefix(known)) + Array(entries)
        heads[change.agent] = (round, change.state.packedHead(chain))
        table.note(saved: chain, for: change)
    }

    func install(into table: inout AgentTable) throws {
        for (agent, head) in heads { try table.install(head: head.head, of: agent, round: head.round) }
    }

    func restore(_ table: inout AgentTable) {
        for (agent, entries) in memories {
            let count = table.archivedEntries(of: agent)
            let isRestored = table.restore(Array(entries.prefix(count)), of: agent)
            #expect(isRestored)
        }
    }
}

@Suite struct SnapshotTableTests {
    private let assets: SimulationAssets

    init() throws { assets = try Self.assets() }

    private static func assets(limit: Int = 1_000, _ rule: ForgettingRule = .oldest) throws -> SimulationAssets {
        try World(
            ClosureScenario { _ in }, memory: MemorySettings(short: 2, longLimit: limit, forget: rule)
        ).assets
    }

    /// Half of the seeds play with memories that are full after a few rounds.
    private static func assets(seed: UInt64) throws -> SimulationAssets {
        guard seed % 2 == 1 else { return try assets() }
        return try assets(limit: 1 + Int(seed / 4 % 4), seed % 4 == 1 ? .oldest : .leastImportant)
    }

    @Test(arguments: UInt64(0)..<160) func aSnapshotAndTheRoundsAfterItEqualTheWholeJournal(seed: UInt64) throws {
        let assets = try Self.assets(seed: seed)
        var draw = SeededGenerator(seed: seed ^ 0xABCD)
        let play = Play(seed: seed, rounds: 8)
        var whole = AgentTable(assets: assets)
        var table = AgentTable(assets: assets)
        var kept = Kept()
        var complete: UInt32 = 0
        for round in UInt32(1)...8 {
            play.merge(round, into: &whole)
            play.merge(round, into: &table)
            // Some rounds have a snapshot; some of these are cut short, and the rest is part of the next.
            if draw.below(3) > 0 {
                let changes = table.takeChanges(of: Play.agents, again: Set(Play.agents))
                let isWhole = draw.below(3) > 0
                for change in changes.prefix(isWhole ? changes.count : draw.below(changes.count + 1)) {
                    try kept.take(change, round: round, from: &table)
                }
                if isWhole { complete = round }
            }
            // Now and then another host takes over: heads, later rounds, and memories when they are needed.
            guard draw.below(3) == 0 else { continue }
            table = AgentTable(assets: assets)
            try kept.install(into: &table)
            for later in complete..<round { play.merge(later + 1, into: &table) }
            if draw.below(2) == 0 { kept.restore(&table) }
        }
        kept.restore(&table)
        for agent in Play.agents {
            #expect(table.state(of: agent) == whole.state(of: agent), "seed \(seed), agent \(agent)")
        }
    }

    @Test(arguments: UInt64(0)..<160) func whatIsLeftToTheRecorderComesBackAsItWas(seed: UInt64) throws {
        let assets = try Self.assets(seed: seed)
        var draw = SeededGenerator(seed: seed ^ 0x5EED)
        let play = Play(seed: seed, rounds: 12)
        let limit = 1_000
        var whole = AgentTable(assets: assets)
        var table = AgentTable(assets: assets, memoryBytes: limit)
        var kept = Kept()
        for round in UInt32(1)...12 {
            play.merge(round, into: &whole)
            play.merge(round, into: &table)
            let changes = table.takeChanges(of: Play.agents, again: Set(Play.agents))
            let isWhole = draw.below(3) > 0
            for change in changes.prefix(isWhole ? changes.count : draw.below(changes.count + 1)) {
                try kept.take(change, round: round, from: &table)
            }
            table.archiveSaved()
            if isWhole { #expect(table.memoryBytes <= limit, "seed \(seed), round \(round)") }
            // A turn needs an agent in full.
            guard draw.below(2) == 0 else { continue }
            let agent = Play.agents[draw.below(3)]
            let prefix = kept.memories[agent, default: []].prefix(table.archivedEntries(of: agent))
            #expect(table.whole(agent) == nil || prefix.isEmpty, "seed \(seed), round \(round)")
            let isRestored = table.restore(Array(prefix), of: agent)
            #expect(isRestored, "seed \(seed), round \(round)")
            #expect(table.whole(agent) == whole.state(of: agent), "seed \(seed), round \(round)")
            table.archive()
        }
        kept.restore(&table)
        for agent in Play.agents {
            #expect(table.state(of: agent) == whole.state(of: agent), "seed \(seed), agent \(agent)")
        }
        #expect(table.memoryBytes == whole.memoryBytes, "seed \(seed)")
        table.drop(Play.agents)
        #expect(table.memoryBytes == 0)
    }

    /// A table in which each of three agents has four saved memories, in the order of their last turns.
    private func full(limit: Int) throws -> (table: AgentTable, kept: Kept) {
        var play = Play(seed: 1, rounds: 0)
        play.rounds = [
            Play.agents.flatMap { agent in
                (0..<6).map { Play.Change(target: agent, operation: .remember(text: "m\($0)", time: 1)) }
            },
            Play.agents.map { agent in
                let result = Consolidation(importances: [1, 2, 3, 4], insights: [], accumulator: 0)
                return Play.Change(target: agent, operation: .consolidate(result))
            },
        ]
        var table = AgentTable(assets: assets, memoryBytes: limit)
        var kept = Kept()
        for round in UInt32(1)...2 { play.merge(round, into: &table) }
        for agent in Play.agents { #expect(table.whole(agent)?.memory.longCount == 4) }
        for change in table.takeChanges(of: Play.agents) { try kept.take(change, round: 2, from: &table) }
        return (table, kept)
    }

    @Test func whoseTurnIsLongestAgoGoesFirst() throws {
        let each = try full(limit: .max).table.memoryBytes / 3
        var (table, _) = try full(limit: 2 * each + each / 2)
        let newest = table.whole(World.ada)
        #expect(newest != nil)
        table.archiveSaved()
        #expect(Play.agents.map { table.archivedEntries(of: $0) } == [0, 4, 4])
    }

    @Test func whatArchivingLooksAtFollowsWhatGoes() throws {
        let each = try full(limit: .max).table.memoryBytes / 3
        var (table, _) = try full(limit: 3 * each)
        for _ in 0..<100 { table.archiveSaved() }
        #expect(table.residence.queue.taken == 0)
        // A goal of three quarters of this limit: one agent has to go.
        (table, _) = try full(limit: 3 * each - 1)
        for agent in Play.agents { #expect(table.whole(agent) != nil) }
        for _ in 0..<100 { table.archiveSaved() }
        #expect(Play.agents.map { table.archivedEntries(of: $0) } == [4, 0, 0])
        // Each agent had a turn since it got its place: it is looked at once more.
        #expect(table.residence.queue.taken == 4)
    }

    @Test func oneArchivingLooksAtFewAgentsAndTheNextGoesOn() throws {
        let each = try full(limit: .max).table.memoryBytes / 3
        var (table, _) = try full(limit: 3 * each - 1)
        // All of them had a turn since they got their place; one has to go.
        for agent in Play.agents { #expect(table.whole(agent) != nil) }
        for looked in 1...4 {
            #expect(Play.agents.map { table.archivedEntries(of: $0) } == [0, 0, 0])
            table.archive(lookingAt: 1)
            #expect(table.residence.queue.taken == looked)
        }
        #expect(Play.agents.map { table.archivedEntries(of: $0) } == [4, 0, 0])
        table.archive(lookingAt: 1)
        #expect(table.residence.queue.taken == 4)
    }

    @Test func inPartsItArchivesAsMuchAsAtOnce() throws {
        let each = try full(limit: .max).table.memoryBytes / 3
        var (table, _) = try full(limit: each)
        for agent in Play.agents { #expect(table.whole(agent) != nil) }
        var parts = 1
        while table.archiveSaved(lookingAt: 1) { parts += 1 }
        #expect(parts > 3 && table.memoryBytes <= each)
        var (whole, _) = try full(limit: each)
        for agent in Play.agents { #expect(whole.whole(agent) != nil) }
        let isLeftOver = whole.archiveSaved()
        #expect(!isLeftOver && whole.memoryBytes == table.memoryBytes)
    }

    @Test func agentsThatComeAndGoLeaveNoPlacesBehind() throws {
        var (table, _) = try full(limit: 1 << 20)
        let (other, _) = try full(limit: .max)
        for _ in 0..<1_000 {
            table.drop(Play.agents)
            table.absorb(other)
        }
        #expect(table.residence.queue.count < 100)
    }

    @Test func whatWasCapturedOfAnotherLifeSaysNothingOfThisOne() throws {
        let lives: [(inout AgentTable, Kept) throws -> Void] = [
            { table, kept in
                table.rebuild(kept.memories[World.ada] ?? [], of: World.ada)
            },
            { table, kept in try kept.install(into: &table) },
            { table, kept in
                table.drop(Play.agents)
                try kept.install(into: &table)
            },
            { table, kept in
                var other = AgentTable(assets: assets)
                try kept.install(into: &other)
                table.drop(Play.agents)
                table.absorb(other)
            },
        ]
        for (index, begin) in lives.enumerated() {
            let (_, kept) = try full(limit: .max)
            var table = AgentTable(assets: assets)
            try kept.install(into: &table)
            let changes = table.takeChanges(of: [World.ada], again: [World.ada])
            let change = try #require(changes.first)
            var chain = try #require(table.saved(for: change))
            try begin(&table, kept)
            #expect(table.saved(for: change) == nil, "life \(index)")
            let before = table.takeChanges(of: [World.ada], again: [World.ada]).first.flatMap { table.saved(for: $0) }
            chain.append(contentsOf: [MemoryState.LongEntry(text: "late", time: 9, importance: 1, vector: nil)])
            table.note(saved: chain, for: change)
            let after = table.takeChanges(of: [World.ada], again: [World.ada]).first.flatMap { table.saved(for: $0) }
            #expect(before != nil && after == before, "life \(index)")
        }
    }

    @Test func whatSomebodyWaitsForOrWhatCameBackWrongStays() throws {
        var (table, kept) = try full(limit: 0)
        table.beginWait(for: World.ada)
        table.keep(World.ben)
        table.archiveSaved()
        #expect(Play.agents.map { table.archivedEntries(of: $0) } == [0, 0, 4])
        kept.restore(&table)
        table.endWait(for: World.ada)
        table.archiveSaved()
        #expect(Play.agents.map { table.archivedEntries(of: $0) } == [4, 0, 4])
    }

    @Test func whatNoSnapshotHoldsStays() throws {
        let play = Play(seed: 3, rounds: 6)
        var table = AgentTable(assets: assets, memoryBytes: 0)
        for round in UInt32(1)...6 { play.merge(round, into: &table) }
        table.archiveSaved()
        #expect(table.memoryBytes > 0)
        #expect(Play.agents.allSatisfy { table.archivedEntries(of: $0) == 0 })
    }

    @Test(arguments: UInt64(0)..<20) func onlyWhatChangedIsCaptured(seed: UInt64) throws {
        let play = Play(seed: seed, rounds: 4)
        var table = AgentTable(assets: assets)
        var before = Play.agents.map { table.state(of: $0) }
        for round in UInt32(1)...4 {
            play.merge(round, into: &table)
            let changes = table.takeChanges(of: Play.agents)
            for (index, agent) in Play.agents.enumerated() {
                let state = table.state(of: agent)
                if state != before[index] {
                    #expect(changes.first { $0.agent == agent }?.state == state, "seed \(seed), round \(round)")
                }
                before[index] = state
            }
            let rest = table.takeChanges(of: Play.agents)
            #expect(rest.isEmpty)
            #expect(changes.map(\.agent.number) == changes.map(\.agent.number).sorted())
        }
    }

    @Test func memoriesThatAreNotTheOnesOfTheHeadAreRefused() throws {
        var play = Play(seed: 1, rounds: 0)
        play.rounds = [
            (0..<5).map { Play.Change(target: World.ada, operation: .remember(text: "m\($0)", time: 1)) },
            [
                Play.Change(
                    target: World.ada,
                    operation: .consolidate(Consolidation(importances: [1, 2, 3], insights: [], accumulator: 0)))
            ],
        ]
        var table = AgentTable(assets: assets)
        for round in UInt32(1)...2 { play.merge(round, into: &table) }
        let whole = table.state(of: World.ada)
        var kept = Kept()
        for change in table.takeChanges(of: Play.agents) { try kept.take(change, round: 2, from: &table) }
        var loaded = AgentTable(assets: assets)
        try kept.install(into: &loaded)
        var damaged = kept.memories[World.ada] ?? []
        #expect(damaged.count == 3)
        damaged[1] = MemoryState.LongEntry(text: "other", time: 1, importance: 2, vector: damaged[1].vector)
        for entries in [damaged, Array(damaged.dropLast())] {
            let isRestored = loaded.restore(entries, of: World.ada)
            #expect(!isRestored)
        }
        #expect(loaded.archivedEntries(of: World.ada) == 3)
        // From the journal they come back all the same, and the next snapshot has them anew.
        loaded.rebuild(whole.memory.long, of: World.ada)
        #expect(loaded.state(of: World.ada) == whole)
        let changes = loaded.takeChanges(of: Play.agents)
        #expect(changes.map(\.agent) == [World.ada])
        #expect(changes.first.flatMap { loaded.saved(for: $0) } == MemoryChain())
    }

    /// Rounds that close fast, while pieces of an earlier snapshot are still on their way.
    @Test(arguments: UInt64(0)..<60) func aCaptureFromBeforeSomethingWasForgottenIsStillOfUse(seed: UInt64) throws {
        let assets = try Self.assets(limit: 3, seed % 2 == 0 ? .oldest : .leastImportant)
        let play = Play(seed: seed, rounds: 9)
        var (whole, table, kept) = (AgentTable(assets: assets), AgentTable(assets: assets), Kept())
        var journal = AgentTable(assets: assets, forgets: false)
        for round in UInt32(1)...9 {
            // Captured as of the end of the last round, sent after consolidations of this one.
            let changes = table.takeChanges(of: Play.agents)
            play.merge(round, into: &table)
            for change in changes { try kept.take(change, round: round - 1, from: &table) }
            var taken = AgentTable(assets: assets)
            try kept.install(into: &taken)
            for agent in Play.agents where taken.archivedEntries(of: agent) > 0 {
                let made = journal.state(of: agent).memory.longCount
                #expect(taken.journalEntries(of: agent) == made, "seed \(seed), round \(round)")
            }
            kept.restore(&taken)
            for agent in Play.agents {
                #expect(taken.state(of: agent) == whole.state(of: agent), "seed \(seed), round \(round)")
            }
            play.merge(round, into: &whole)
            play.merge(round, into: &journal)
        }
    }

    @Test(arguments: [ForgettingRule.oldest, .leastImportant])
    func whatWasForgottenIsForgottenAlsoWhereMemoriesComeFromTheJournal(rule: ForgettingRule) throws {
        let assets = try Self.assets(limit: 4, rule)
        for seed in UInt64(0)..<40 {
            let play = Play(seed: seed, rounds: 10)
            var (whole, table, kept) = (AgentTable(assets: assets), AgentTable(assets: assets, memoryBytes: 0), Kept())
            // The journal, with nothing forgotten, as of the end of round 7.
            var journal = AgentTable(assets: assets, forgets: false)
            for round in UInt32(1)...10 {
                for agent in Play.agents {
                    // A consolidation needs the agent in full.
                    let prefix = kept.memories[agent, default: []].prefix(table.archivedEntries(of: agent))
                    if round < 8 { _ = table.restore(Array(prefix), of: agent) }
                }
                play.merge(round, into: &whole)
                play.merge(round, into: &table)
                if round <= 7 {
                    play.merge(round, into: &journal)
                    for change in table.takeChanges(of: Play.agents) {
                        try kept.take(change, round: round, from: &table)
                    }
                    table.archiveSaved()
                }
            }
            for agent in Play.agents {
                let count = table.journalEntries(of: agent)
                let long = journal.state(of: agent).memory.long
                #expect(long.count >= count, "seed \(seed)")
                table.rebuild(Array(long.prefix(count)), of: agent)
                #expect(table.state(of: agent) == whole.state(of: agent), "seed \(seed), agent \(agent)")
            }
            #expect(table.memoryBytes == whole.memoryBytes, "seed \(seed)")
        }
    }

    @Test func aMergeOfSomeAgentsLeavesTheOthersAsTheyWere() {
        let (some, other) = (AgentID(number: 0), AgentID(number: 1))
        var table = AgentTable(assets: assets)
        let message = Model.Operation.message(sender: other, subject: "hello", body: .null)
        for agent in [some, other] { table.merge(message, target: agent, round: 1, vector: Play.vector) }
        table.beginMerge(2, of: [some])
        table.endMerge(of: [some])
        #expect(table.state(of: some).inbox.isEmpty)
        #expect(table.state(of: other).inbox.count == 1)
        table.beginMerge(2)
        #expect(table.state(of: other).inbox.isEmpty)
    }
}
