import Hashing
import Model
import Support
import Testing
import Wire

@testable import LLMGatewayRole

/// Calls that ask the same, and calls that nobody wants.
@Suite struct SharedWorkTests {
    @Test func identicalDeterministicCallsAreAskedOnceAndPaidOnce() {
        var bench = CoreBench()
        for number in 0..<5 as Range<UInt32> { bench.ask(number, prompt: "same", temperature: 0) }
        #expect(bench.flights.count == 1)
        bench.answer("x")
        #expect(bench.outcomes.map(\.answer) == ["x", "x", "x", "x", "x"])
        #expect(bench.outcomes.map(\.promptTokens) == [100, 0, 0, 0, 0])
        bench.ask(9, prompt: "same", temperature: 0)
        #expect(bench.flights.isEmpty)
        #expect(bench.outcomes.count == 6)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func sampledDecisionsOfDifferentSeedsAreNeverMerged() {
        var bench = CoreBench()
        bench.ask(1, prompt: "same", seeds: [1])
        bench.ask(2, prompt: "same", seeds: [2])
        #expect(bench.flights.count == 2)
        bench.ask(3, prompt: "same", seeds: [1])
        #expect(bench.flights.count == 2)
    }

    @Test func whatIsRememberedIsForgottenAfterAWhile() {
        var bench = CoreBench { $0.sharedAge = .seconds(5) }
        bench.ask(1, prompt: "same", temperature: 0)
        bench.answer("x")
        bench.pass(.seconds(6))
        bench.ask(2, prompt: "same", temperature: 0)
        #expect(bench.flights.count == 1)
    }

    @Test func aRejectedAnswerOfOneIsRejectedForAllAndAskedAgainOnce() {
        var bench = CoreBench()
        for number in 0..<3 as Range<UInt32> {
            bench.ask(number, constraint: .choice(["yes"]), prompt: "same", temperature: 0)
        }
        bench.answer("no")
        #expect(bench.flights.count == 1)
        bench.answer("yes")
        #expect(bench.outcomes.map(\.answer) == ["yes", "yes", "yes"])
        #expect(bench.outcomes.allSatisfy { $0.rejected.count == 1 })
    }

    @Test func whenTheOneThatAsksIsGivenUpTheNextAsksForItself() {
        var bench = CoreBench()
        for number in 0..<3 as Range<UInt32> { bench.ask(number, prompt: "same", temperature: 0) }
        bench.core.cancel(CancelCalls(run: "r", calls: [CoreBench.call(0)]), at: bench.now)
        bench.settle()
        #expect(bench.cancelled.count == 1)
        #expect(bench.flights.count == 1)
        bench.answer("x")
        #expect(bench.outcomes.count == 2)
        #expect(bench.core.open == 0)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func upstreamCallsAreExactlyTheDistinctPrompts(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bench = CoreBench(servers: 4, slots: 16)
        let calls: UInt32 = 1_000
        var distinct: Set<Int> = []
        var served = 0
        for number in 0..<calls {
            // Three of ten calls repeat an earlier prompt.
            let prompt = generator.below(10) < 3 && number > 0 ? generator.below(Int(number)) : Int(number)
            distinct.insert(prompt)
            bench.ask(number, prompt: "prompt \(prompt)", temperature: 0)
            while bench.flights.count > 40 {
                bench.answer("x")
                served += 1
            }
        }
        while !bench.flights.isEmpty {
            bench.answer("x")
            served += 1
        }
        #expect(bench.outcomes.count == Int(calls), "seed \(seed)")
        #expect(served == distinct.count, "seed \(seed)")
    }

    @Test func aCallThatNoServerTakesTakesItsFollowersWithIt() {
        var bench = CoreBench()
        for number in 0..<3 as Range<UInt32> { bench.ask(number, prompt: "same", temperature: 0) }
        while !bench.flights.isEmpty { bench.status(400, body: Self.wantsOtherField) }
        #expect(bench.outcomes.count == 3)
        #expect(bench.core.open == 0)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func eachOfManyServersMayWantTheOtherFieldOnce() {
        var bench = CoreBench(servers: 5)
        bench.ask(1)
        for _ in 0..<4 {
            guard let flight = bench.flights.first else { break }
            bench.core.drain(flight.server, at: bench.now)
            bench.status(400, body: Self.wantsOtherField)
        }
        bench.answer("x")
        #expect(bench.outcomes.map(\.answer) == ["x"])
    }

    private static let wantsOtherField =
        #"{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}"#

    // MARK: who goes first

    @Test func aCallOfHigherPriorityDoesNotWaitBehindOneThatAsksTheSame() {
        var bench = CoreBench(slots: 1)
        bench.ask(0)
        bench.ask(1, prompt: "same", temperature: 0, terms: CallTerms(priority: 0))
        bench.ask(2, "low", prompt: "same", temperature: 0, terms: CallTerms(priority: 0))
        bench.ask(3, "other", prompt: "other")
        bench.ask(4, "high", prompt: "same", temperature: 0, terms: CallTerms(priority: 9))
        bench.answer("x")
        bench.answer("y")
        #expect(bench.replies.count == 4)
        #expect(!bench.replies.contains { $0.asker == "other" })
        bench.answer("z")
        #expect(bench.outcomes.compactMap(\.answer).sorted() == ["x", "y", "y", "y", "z"])
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func aRunHeldBackByItsLimitHoldsNobodyElseBack() {
        var bench = CoreBench(slots: 4)
        bench.ask(0, run: "limited", terms: CallTerms(inFlight: 1))
        bench.ask(1, prompt: "same", temperature: 0, run: "limited", terms: CallTerms(inFlight: 1))
        bench.ask(2, prompt: "same", temperature: 0, run: "free")
        #expect(bench.flights.count == 2)
        bench.answer("x")
        bench.answer("y")
        #expect(bench.outcomes.map(\.answer).count == 3)
        #expect(bench.core.open == 0 && bench.core.queue.bytes == 0)
    }

    @Test func thoseWhoFollowGoOnThoughOneLeaderAfterTheOtherIsGivenUp() {
        var bench = CoreBench(slots: 2)
        for number in 0..<6 as Range<UInt32> {
            bench.ask(number, prompt: "same", temperature: 0, run: number % 2 == 0 ? "r" : "s")
        }
        for number in [0, 3, 2, 1] as [UInt32] {
            bench.core.cancel(
                CancelCalls(run: number % 2 == 0 ? "r" : "s", calls: [CoreBench.call(number)]), at: bench.now)
            bench.settle()
            #expect(bench.flights.count == 1)
        }
        bench.answer("x")
        #expect(bench.outcomes.map(\.answer) == ["x", "x"])
        #expect(bench.core.open == 0 && bench.core.queue.bytes == 0 && bench.core.fleet.inFlight == 0)
    }

    @Test(.timeLimit(.minutes(1))) func aStoppedRunOfManyEqualCallsIsGoneAtOnce() {
        var bench = CoreBench()
        let count: UInt32 = 30_000
        for number in 0..<count { bench.ask(number, prompt: "same", temperature: 0) }
        bench.core.cancel(CancelCalls(run: "r", calls: []), at: bench.now)
        bench.settle()
        #expect(bench.problems.count == Int(count))
        #expect(bench.core.open == 0 && bench.core.queue.bytes == 0)
    }

    // MARK: nobody wants it

    @Test func aStoppedRunIsGivenUpAtTheServersAndOthersGoOn() {
        var bench = CoreBench(slots: 2)
        for number in 0..<4 as Range<UInt32> { bench.ask(number) }
        bench.ask(9, run: "another")
        bench.core.cancel(CancelCalls(run: "r", calls: []), at: bench.now)
        bench.settle()
        #expect(bench.cancelled.count == 2)
        #expect(bench.problems.map(\.code) == [.conflict, .conflict, .conflict, .conflict])
        bench.answer("x")
        #expect(bench.outcomes.count == 1)
        #expect(bench.core.queue.bytes == 0)
        #expect(bench.core.fleet.inFlight == 0)
    }

    @Test func callsOfAHostThatDiedLiveOnForItsSuccessor() {
        var bench = CoreBench { $0.orphanGrace = .seconds(16) }
        bench.ask(1, "dead host")
        bench.ask(2, "dead host")
        bench.core.lost(at: bench.now) { $0 == "dead host" }
        bench.pass(.seconds(10))
        bench.ask(1, "heir")
        bench.pass(.seconds(10))
        #expect(bench.cancelled.count == 1)
        bench.answer("x")
        #expect(bench.replies.map(\.asker) == ["heir"])
        #expect(bench.core.open == 0)
    }

    @Test func anAnswerThatCameWhileNobodyWasThereIsGivenToTheSuccessor() {
        var bench = CoreBench()
        bench.ask(1, "dead host")
        bench.core.lost(at: bench.now) { $0 == "dead host" }
        bench.answer("x")
        bench.ask(1, "heir")
        #expect(bench.replies.map(\.asker) == ["heir"])
        #expect(bench.flights.isEmpty)
    }
}
