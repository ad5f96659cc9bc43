import Hashing
import Support
import Testing

@testable import GatewayLogic

private func call(
    _ number: UInt64, flow: String = "a", model: String = "", prefix: [UInt64] = [], tokens: Int = 100,
    priority: Int = 4, lane: WaitingCall.Lane = .opening
) -> WaitingCall {
    WaitingCall(
        number: number, flow: flow, model: model, chain: PrefixChain(hashes: prefix + [number + 1_000_000]),
        tokens: tokens, answerTokens: 0, priority: priority, lane: lane)
}

private func rooms(_ free: [Int]) -> [ServerRoom] {
    free.enumerated().map {
        ServerRoom(
            server: ServerID(UInt32($0.offset + 1)), free: $0.element, window: 8, kvTokens: 6_400, opensGroups: true)
    }
}

private let start = Instant(nanoseconds: 0)

@Suite struct DispatcherTests {
    @Test func higherPrioritiesGoFirstThenTurnsUnderWay() {
        var queue = Dispatcher(policy: .prefix)
        queue.enqueue(call(1), at: start)
        queue.enqueue(call(2, lane: .continuing), at: start)
        queue.enqueue(call(3, priority: 9), at: start)
        queue.enqueue(call(4, lane: .returning), at: start)
        var order: [UInt64] = []
        for _ in 0..<4 {
            var one = rooms([1])
            if let next = queue.next(rooms: &one, at: start) { order.append(next.call) }
        }
        #expect(order == [3, 4, 2, 1])
    }

    @Test func aCallThatWaitsRisesOnePriorityWithEachSpanOfAgeing() {
        var queue = Dispatcher(policy: .prefix, limits: DispatcherLimits(ageing: .seconds(30)))
        queue.enqueue(call(1, priority: 4), at: start)
        let later = start + .seconds(61)
        queue.enqueue(call(2, priority: 5), at: later)
        var one = rooms([1])
        #expect(queue.next(rooms: &one, at: later)?.call == 1)
    }

    @Test(arguments: PlacementPolicy.allCases)
    func runsShareTokensByTheirWeights(policy: PlacementPolicy) {
        var queue = Dispatcher(policy: policy)
        for number in 0..<400 as Range<UInt64> {
            queue.enqueue(
                call(number, flow: number % 2 == 0 ? "a" : "b"), weight: number % 2 == 0 ? 100 : 300, at: start)
        }
        var sent = ["a": 0, "b": 0]
        for _ in 0..<200 {
            var one = rooms([1, 1])
            if let next = queue.next(rooms: &one, at: start) {
                sent[next.flow, default: 0] += 1
                queue.ended(next)
            }
        }
        #expect(abs((sent["b"] ?? 0) - 150) <= 2, "\(sent)")
    }

    @Test func aRunThatComesLateHasNothingSavedUp() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<100 as Range<UInt64> { queue.enqueue(call(number, flow: "a"), at: start) }
        for _ in 0..<50 {
            var one = rooms([1])
            _ = queue.next(rooms: &one, at: start)
        }
        for number in 200..<300 as Range<UInt64> { queue.enqueue(call(number, flow: "b"), at: start) }
        var late = 0
        for _ in 0..<20 {
            var one = rooms([1])
            if queue.next(rooms: &one, at: start)?.flow == "b" { late += 1 }
        }
        #expect((9...11).contains(late))
    }

    @Test func aRunHasNoMoreAtTheServersThanItMay() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<10 as Range<UInt64> { queue.enqueue(call(number), inFlightLimit: 3, at: start) }
        var all = rooms([8, 8])
        var sent: [Assignment] = []
        while let next = queue.next(rooms: &all, at: start) { sent.append(next) }
        #expect(sent.count == 3)
        queue.ended(sent[0])
        #expect(queue.next(rooms: &all, at: start) != nil)
        #expect(queue.next(rooms: &all, at: start) == nil)
    }

    @Test func aFullQueueTellsThePlaceAndTheTimeThatItTakes() throws {
        var queue = Dispatcher(policy: .prefix, limits: DispatcherLimits(bytes: 1_000))
        #expect(queue.reserve(900) == nil)
        for number in 0..<9 as Range<UInt64> { queue.enqueue(call(number), at: start) }
        #expect(queue.reserve(200) == QueueRefusal(place: 9, wait: nil))
        var all = rooms([1])
        _ = queue.next(rooms: &all, at: start)
        all = rooms([1])
        _ = queue.next(rooms: &all, at: start + .seconds(2))
        // 200 tokens in two seconds, and 700 wait.
        #expect(queue.reserve(200) == QueueRefusal(place: 7, wait: .seconds(7)))
    }

    @Test func modelsGoToServersThatHaveThem() {
        var queue = Dispatcher(policy: .prefix)
        queue.enqueue(call(1, model: "large"), at: start)
        queue.enqueue(call(2, model: "small"), at: start)
        var all = rooms([1, 1])
        var found: [UInt64: UInt32] = [:]
        while let next = queue.next(
            rooms: &all, at: start, serves: { ($0 == ServerID(1)) == ($1 == "large") })
        {
            found[next.call] = next.server.number
        }
        #expect(found == [1: 1, 2: 2])
    }

    @Test func aServerShortOfCacheGoesOnWithWhatItHasAndOpensNothing() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<8 as Range<UInt64> {
            queue.enqueue(call(number, prefix: [number % 2 == 0 ? 7 : 8, number % 2 == 0 ? 70 : 80]), at: start)
        }
        var one = rooms([1])
        let first = queue.next(rooms: &one, at: start)
        var sent = [first?.call]
        for _ in 0..<7 {
            var short = rooms([1])
            short[0].opensGroups = false
            guard let next = queue.next(rooms: &short, at: start) else { break }
            sent.append(next.call)
        }
        let parities = Set(sent.compactMap { $0.map { $0 % 2 } })
        #expect(sent.count == 4)
        #expect(parities.count == 1)
    }

    @Test func whatALostServerWorkedOnIsForTheOthers() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<20 as Range<UInt64> { queue.enqueue(call(number, prefix: [5, 6, 7, 8]), at: start) }
        var both = rooms([1, 1])
        var sent = 0
        while queue.next(rooms: &both, at: start) != nil { sent += 1 }
        for _ in 0..<20 {
            var left = [ServerRoom(server: ServerID(2), free: 1, window: 8, kvTokens: 6_400, opensGroups: true)]
            if queue.next(rooms: &left, at: start) != nil { sent += 1 }
        }
        #expect(sent == 20)
    }

    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func nothingIsLostOrSentTwiceWhateverHappens(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        let policies = PlacementPolicy.allCases
        var queue = Dispatcher(
            policy: policies[draw.below(policies.count)],
            limits: DispatcherLimits(bytes: .max, ageing: .seconds(Double(1 + draw.below(40))), cacheTokens: 2_000))
        var now = start
        var waiting: Set<UInt64> = []
        var flying: [Assignment] = []
        var last: UInt64 = 0
        let servers = 1 + draw.below(4)
        let window = 1 + draw.below(6)
        func step(_ all: inout [ServerRoom]) {
            while let next = queue.next(rooms: &all, at: now) {
                #expect(waiting.remove(next.call) != nil, "seed \(seed): call \(next.call) was sent and did not wait")
                flying.append(next)
            }
        }
        for _ in 0..<300 {
            now = now + .milliseconds(UInt64(draw.below(400)))
            switch draw.below(5) {
            case 0, 1:
                for _ in 0..<(1 + draw.below(12)) {
                    last += 1
                    let depth = draw.below(5)
                    let prefix = (0..<depth).map { UInt64(draw.below(2)) * 10 + UInt64($0) }
                    queue.enqueue(
                        call(
                            last, flow: "f\(draw.below(3))", prefix: prefix, tokens: 1 + draw.below(600),
                            priority: draw.below(10), lane: WaitingCall.Lane.allCases[draw.below(3)]), at: now)
                    waiting.insert(last)
                }
            case 2:
                if let gone = waiting.sorted().dropFirst(draw.below(max(1, waiting.count))).first {
                    let (first, second) = (queue.remove(gone), queue.remove(gone))
                    #expect(first && !second, "seed \(seed)")
                    waiting.remove(gone)
                }
            case 3: if !flying.isEmpty { queue.ended(flying.remove(at: draw.below(flying.count))) }
            default: if draw.below(10) == 0 { queue.forget(ServerID(UInt32(1 + draw.below(servers)))) }
            }
            var all = rooms(
                (0..<servers).map { index in
                    max(0, window - flying.count { $0.server.number == UInt32(index + 1) })
                })
            // Now and then one of them may be given nothing at all.
            if servers > 1, draw.below(8) == 0 { all.remove(at: draw.below(servers)) }
            step(&all)
            #expect(queue.count == waiting.count, "seed \(seed)")
            for index in 0..<servers {
                let here = flying.count { $0.server.number == UInt32(index + 1) }
                #expect(here <= window, "seed \(seed)")
            }
        }
        while !waiting.isEmpty || !flying.isEmpty {
            for assignment in flying { queue.ended(assignment) }
            flying = []
            now = now + .seconds(1)
            var all = rooms([Int](repeating: window, count: servers))
            let before = waiting.count
            step(&all)
            #expect(before == 0 || waiting.count < before, "seed \(seed): \(before) calls wait for ever")
            if waiting.count == before { break }
        }
        #expect(queue.count == 0 && queue.tokens == 0, "seed \(seed)")
        for index in 0..<servers { #expect(queue.pendingTokens(of: ServerID(UInt32(index + 1))) == 0, "seed \(seed)") }
    }

    // MARK: what other runs may not do to a run

    @Test func aRunThatComesWhileNothingOfAnotherWaitsSharesWithItFromThenOn() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<100 as Range<UInt64> { queue.enqueue(call(number, flow: "a"), at: start) }
        var all = rooms([100])
        while queue.next(rooms: &all, at: start) != nil {}
        for number in 200..<300 as Range<UInt64> { queue.enqueue(call(number, flow: "b"), at: start) }
        for number in 300..<400 as Range<UInt64> { queue.enqueue(call(number, flow: "a"), at: start) }
        #expect((9...11).contains(sentOfB(&queue, of: 20)))
    }

    @Test func aRunHeldBackByItsLimitGivesNobodyElseCredit() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<10 as Range<UInt64> {
            queue.enqueue(call(number, flow: "c"), inFlightLimit: 1, at: start)
        }
        for number in 100..<200 as Range<UInt64> { queue.enqueue(call(number, flow: "a"), at: start) }
        var all = rooms([51])
        while queue.next(rooms: &all, at: start) != nil {}
        for number in 200..<300 as Range<UInt64> { queue.enqueue(call(number, flow: "b"), at: start) }
        #expect((9...11).contains(sentOfB(&queue, of: 20)))
    }

    private func sentOfB(_ queue: inout Dispatcher, of count: Int) -> Int {
        var all = rooms([count])
        var sent = 0
        while let next = queue.next(rooms: &all, at: start) { if next.flow == "b" { sent += 1 } }
        return sent
    }

    // MARK: servers that change

    @Test func whatAServerWorkedOnThatLostTheModelIsForTheOthers() {
        var queue = Dispatcher(policy: .prefix)
        for number in 0..<10 as Range<UInt64> {
            queue.enqueue(call(number, model: "m", prefix: Array(1...20)), at: start)
        }
        var first = rooms([1, 0])
        #expect(queue.next(rooms: &first, at: start)?.server == ServerID(1))
        // The rest is too little to compute the prefix once more, while another server is at it.
        var sent = 0
        while sent < 20 {
            var both = rooms([1, 1])
            guard queue.next(rooms: &both, at: start, serves: { server, _ in server == ServerID(2) }) != nil else {
                break
            }
            sent += 1
        }
        #expect(sent == 9)
    }

    @Test func aSecondTryAtAServerThatHadNothingBeforeCounts() throws {
        var queue = Dispatcher(policy: .prefix)
        queue.enqueue(call(1), at: start)
        var first = rooms([1])
        let one = try #require(queue.next(rooms: &first, at: start))
        let second = queue.assign(call(1), on: ServerID(2), at: start)
        queue.enqueue(call(2), at: start)
        var other = rooms([0, 1])
        let two = try #require(queue.next(rooms: &other, at: start))
        #expect(two.server == ServerID(2))
        queue.ended(second)
        #expect(queue.pendingTokens(of: ServerID(2)) == two.load)
        queue.ended(two)
        queue.ended(one)
        #expect(queue.pendingTokens(of: ServerID(2)) == 0)
    }

    @Test(arguments: PlacementPolicy.allCases)
    func oneCallAsksFewOfManyServersWhetherTheyHaveTheModel(policy: PlacementPolicy) {
        var queue = Dispatcher(policy: policy)
        for number in 0..<600 as Range<UInt64> { queue.enqueue(call(number, model: "m"), at: start) }
        var all = rooms([Int](repeating: 1, count: 500))
        var asked = 0
        var sent = 0
        while queue.next(
            rooms: &all, at: start,
            serves: { _, _ in
                asked += 1
                return true
            }) != nil
        {
            sent += 1
        }
        #expect(sent == 500)
        #expect(asked < 20 * sent)
    }
}
