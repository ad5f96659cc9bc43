import Curl
import GatewayLogic
import Hashing
import Model
import Support
import Testing
import Wire

@testable import LLMGatewayRole

@Suite struct GatewayCoreTests {
    @Test func anAnswerIsReportedWithItsTokensAndModel() throws {
        var bench = CoreBench()
        bench.ask(1)
        bench.answer("hello")
        #expect(
            bench.outcomes == [
                CompletionOutcome(
                    answer: "hello", rejection: "", rejected: [], promptTokens: 100, completionTokens: 7, model: "m-1")
            ])
    }

    @Test func aCallIsAskedAsOftenAsItBringsSeeds() {
        var bench = CoreBench()
        bench.ask(1, constraint: .choice(["yes"]), seeds: [1, 2, 3, 4, 5])
        for _ in 0..<4 { bench.answer("no") }
        #expect(bench.outcomes.isEmpty)
        bench.answer("no")
        #expect(bench.outcomes.map(\.rejected.count) == [5])
    }

    @Test func absurdCountsOfTokensStopAtTheLargest() {
        var bench = CoreBench()
        bench.ask(1, constraint: .choice(["yes"]))
        for _ in 0..<3 {
            let usage = #""usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}"#
            bench.status(200, body: #"{"choices":[{"message":{"content":"no"}}],\#(usage)}"#)
        }
        #expect(bench.outcomes.map(\.promptTokens) == [.max])
        #expect(bench.outcomes.map(\.completionTokens) == [.max])
    }

    @Test(arguments: [#"{"type":"string","pattern":"^a+$"}"#, #"{"items":{"properties":{"x":{"$ref":"a"}}}}"#])
    func aSchemaThatCannotBeVerifiedIsRefusedAtOnce(schema: String) {
        var bench = CoreBench()
        bench.ask(1, constraint: .jsonSchema(schema))
        #expect(bench.flights.isEmpty)
        #expect(bench.problems.map(\.code) == [.invalid])
    }

    @Test func aRejectedAnswerIsAskedAgainWithTheNextSeedAndReported() throws {
        var bench = CoreBench()
        bench.ask(1, constraint: .choice(["no", "yes"]))
        #expect(seed(of: try #require(bench.flights.first)) == "10")
        bench.answer("maybe")
        #expect(seed(of: try #require(bench.flights.first)) == "20")
        bench.answer(nil)
        #expect(seed(of: try #require(bench.flights.first)) == "30")
        bench.answer("yes")
        let outcome = try #require(bench.outcomes.first)
        #expect(outcome.answer == "yes")
        #expect(
            outcome.rejected == [
                RejectedAttempt(attempt: 0, reason: "the answer is none of the 2 options", answer: "maybe"),
                RejectedAttempt(attempt: 1, reason: "the answer is empty", answer: ""),
            ])
        #expect(outcome.promptTokens == 300)
    }

    @Test func afterTheAllowedAttemptsTheCallFailsHonestly() throws {
        var bench = CoreBench()
        bench.ask(1, constraint: .choice(["no"]), seeds: [1, 2])
        bench.answer("a")
        bench.answer("b")
        let outcome = try #require(bench.outcomes.first)
        #expect(outcome.answer == nil)
        #expect(outcome.rejection == "the answer is none of the 1 options")
        #expect(outcome.rejected.map(\.answer) == ["a", "b"])
        #expect(bench.flights.isEmpty)
    }

    @Test(
        arguments: [
            .success(HTTPResponse(status: 429, body: [])), .success(HTTPResponse(status: 500, body: [])),
            .success(HTTPResponse(status: 408, body: [])), .success(HTTPResponse(status: 503, body: [])),
            .success(HTTPResponse(status: 200, body: Array("<html>".utf8))),
            .success(HTTPResponse(status: 200, body: Array(#"{"choices":[]}"#.utf8))), .failure(.reset),
            .failure(.truncated), .failure(.timeout), .failure(.garbled), .failure(.other(code: 99)),
        ] as [Result<HTTPResponse, HTTPFailure>])
    func whatIsNoAnswerIsSentAgainWithTheSameSeed(trouble: Result<HTTPResponse, HTTPFailure>) throws {
        var bench = CoreBench()
        bench.ask(1)
        bench.end(trouble)
        for _ in 0..<100 where bench.flights.isEmpty {
            bench.pass(.milliseconds(100))
            bench.answerProbes()
        }
        #expect(seed(of: try #require(bench.flights.first)) == "10")
        bench.answer("fine")
        #expect(bench.outcomes.map(\.answer) == ["fine"])
        #expect(bench.outcomes.first?.rejected == [])
    }

    @Test func aServerThatAsksForTimeIsLeftAloneMeanwhile() {
        var bench = CoreBench()
        bench.ask(1)
        bench.status(429, retryAfter: .milliseconds(1_500))
        bench.pass(.milliseconds(1_400))
        #expect(bench.flights.isEmpty)
        bench.pass(.milliseconds(400))
        #expect(bench.flights.count == 1)
    }

    @Test func aCallThatNoServerAnswersIsUnavailableAtItsDeadlineAndNeverFails() throws {
        var bench = CoreBench { $0.deadline = .seconds(60) }
        bench.ask(1)
        while bench.problems.isEmpty {
            if bench.flights.isEmpty { bench.pass(.milliseconds(50)) } else { bench.status(500) }
        }
        #expect(bench.now >= Instant(nanoseconds: 0) + .seconds(60))
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.problems.first?.what == "no answer within 60 s; last: HTTP 500")
        #expect(bench.outcomes.isEmpty)
        #expect(bench.core.queue.bytes == 0)
        bench.ask(1, "again")
        bench.pass(.seconds(3))
        #expect(bench.flights.count == 1)
    }

    @Test func aSecondTryIsNotSentBeyondTheLimitOfItsRun() throws {
        for (limit, sent) in [(1, 1), (2, 2), (0, 2)] as [(UInt32, Int)] {
            var bench = CoreBench(servers: 2)
            bench.ask(1, terms: CallTerms(inFlight: limit))
            let flight = try #require(bench.flights.first)
            let other = try #require([ServerID(1), ServerID(2)].first { $0 != flight.server })
            bench.core.hedge(flight.number, on: other, at: bench.now)
            bench.settle()
            #expect(bench.flights.count == sent)
            bench.answer("x")
            #expect(bench.outcomes.count == 1)
            #expect(bench.core.fleet.inFlight == 0)
        }
    }

    @Test func aCallWhoseTimeIsUpSaysNothingOfTheServerThatItCameToLate() {
        var bench = CoreBench(slots: 1) { $0.deadline = .seconds(10) }
        bench.ask(1)
        bench.ask(2)
        bench.now = bench.now + .seconds(9.5)
        bench.answer("x")
        #expect(bench.flights.count == 1)
        bench.now = bench.now + .seconds(0.5)
        bench.end(.failure(.timeout))
        #expect(bench.core.fleet.status(of: ServerID(1), at: bench.now)?.state == .working)
        bench.pass(.milliseconds(50))
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func aServerThatHangsIsGivenUpAtTheDeadline() throws {
        var bench = CoreBench { $0.deadline = .seconds(1) }
        bench.ask(1)
        let flight = try #require(bench.flights.first)
        #expect(flight.timeout == .seconds(1))
        bench.pass(.seconds(1))
        #expect(bench.cancelled == [flight.number])
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.core.fleet.inFlight == 0)
    }

    @Test func theSameCallAskedTwiceIsSentOnceAndBothAreTold() {
        var bench = CoreBench()
        bench.ask(1, "first")
        bench.ask(1, "second")
        #expect(bench.flights.count == 1)
        bench.answer("x")
        #expect(bench.replies.map(\.asker) == ["first", "second"])
        bench.ask(1, "third")
        #expect(bench.flights.isEmpty)
        #expect(bench.outcomes.map(\.answer) == ["x", "x", "x"])
        #expect(bench.core.counters.sent == 1)
    }

    @Test func aReleasedCallIsRememberedForTheGraceAndThenSentAnew() {
        var bench = CoreBench {
            $0.orphanGrace = .seconds(16)
            $0.sharedAge = .seconds(1)
        }
        bench.ask(1)
        bench.answer("x")
        bench.core.release(ReleaseOutcomes(run: "another run", calls: [CoreBench.call(1)]), at: bench.now)
        bench.core.release(ReleaseOutcomes(run: "r", calls: [CoreBench.call(1)]), at: bench.now)
        bench.pass(.seconds(15))
        bench.ask(1)
        #expect(bench.flights.isEmpty)
        bench.pass(.seconds(2))
        bench.ask(1)
        #expect(bench.flights.count == 1)
    }

    @Test func aPromptThatTheServerRefusesIsRejectedWithItsWordsAndNotSentAgain() throws {
        var bench = CoreBench()
        bench.ask(1)
        bench.status(400, body: #"{"error":{"message":"too long","code":"context_length_exceeded"}}"#)
        #expect(
            bench.outcomes.map(\.rejection)
                == ["the server refuses the request (HTTP 400): context_length_exceeded: too long"])
        #expect(bench.outcomes.first?.answer == nil)
        #expect(bench.flights.isEmpty && bench.wakes.isEmpty)
    }

    @Test(arguments: [
        (401, ""), (403, ""), (404, #"{"error":{"message":"The model `x` does not exist."}}"#),
        (400, #"{"error":{"message":"Unsupported parameter: 'seed'"}}"#),
        (400, #"{"detail":"Unrecognized request argument supplied: grammar"}"#), (302, ""),
    ])
    func aWrongConfigurationIsToldAndIsNoOutcome(status: Int, body: String) {
        var bench = CoreBench()
        bench.ask(1)
        bench.status(status, body: body)
        #expect(bench.problems.map(\.code) == [.misconfigured])
        #expect(bench.outcomes.isEmpty)
        #expect(bench.core.open == 0)
    }

    @Test func theOtherFieldForTheLengthOfAnswersIsLearnedFromTheServer() throws {
        var bench = CoreBench()
        bench.ask(1)
        bench.ask(2)
        let body = """
            {"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. \
            Use 'max_completion_tokens' instead."}}
            """
        bench.status(400, body: body)
        bench.status(400, body: body)
        #expect(bench.flights.count == 2)
        for flight in bench.flights {
            #expect(String(decoding: flight.body, as: UTF8.self).contains("\"max_completion_tokens\":8"))
        }
        bench.status(400, body: body)
        bench.status(400, body: body)
        bench.status(400, body: body)
        bench.status(400, body: body)
        #expect(bench.outcomes.count == 2)
        #expect(bench.flights.isEmpty)
    }

    @Test func aFullQueueRefusesAndSaysHowLongItIs() throws {
        var bench = CoreBench(slots: 1) { $0.queue.bytes = 1_000 }
        for number in 1...4 as ClosedRange<UInt32> { bench.ask(number, prompt: "012345678\(number)") }
        #expect(bench.problems == [])
        bench.ask(5, prompt: "0123456785")
        let problem = try #require(bench.problems.first)
        #expect(problem.code == .overloaded)
        #expect(problem.what == "the queue is full: 3 calls wait, 798 bytes")
    }

    @Test func callsOfTurnsUnderWayGoBeforeFirstCalls() throws {
        var bench = CoreBench(slots: 1)
        bench.ask(9)
        bench.ask(0)
        bench.ask(3)
        bench.answer("x")
        #expect(bench.flights.first?.call.number == 3)
    }

    @Test func aDeadServerIsProbedAndItsWorkGoesToTheOther() throws {
        var bench = CoreBench(servers: 2, slots: 1)
        bench.ask(1)
        let first = try #require(bench.flights.first?.server)
        bench.end(.failure(.cannotConnect))
        #expect(bench.probes.map(\.server) == [first])
        #expect(bench.flights.map(\.server) != [first])
        bench.core.probed(first, .failure(.unavailable("down")), at: bench.now)
        bench.ask(2)
        #expect(bench.flights.count == 1)
        bench.pass(.seconds(2))
        #expect(bench.probes.count == 2)
        bench.probes.removeFirst()
        bench.answerProbes()
        #expect(bench.flights.map(\.server).contains(first))
    }

    @Test func callsWaitWhileNoServerWorksAndGoWhenOneIsBack() {
        var bench = CoreBench()
        bench.ask(1)
        bench.end(.failure(.cannotConnect))
        bench.ask(2)
        #expect(bench.flights.isEmpty)
        bench.answerProbes()
        // The first tells whether the server works again.
        bench.answer("x")
        bench.answer("y")
        #expect(bench.outcomes.count == 2)
    }

    @Test func aServerThatRefusesTheKeyIsLeftOutAndTheOthersGoOn() throws {
        var bench = CoreBench(servers: 2, slots: 4)
        bench.ask(1)
        let refusing = try #require(bench.flights.first?.server)
        bench.status(401)
        #expect(bench.problems.isEmpty)
        for number in 2...4 as ClosedRange<UInt32> { bench.ask(number) }
        #expect(bench.flights.count == 4)
        #expect(bench.flights.allSatisfy { $0.server != refusing })
        bench.core.describe(to: "person")
        bench.settle()
        #expect(bench.problems.map(\.code) == [.misconfigured])
    }

    @Test func whenEveryServerIsMisconfiguredCallsAreToldAtOnce() {
        var bench = CoreBench()
        bench.ask(1)
        bench.end(.failure(.cannotConnect))
        bench.core.probed(ServerID(1), .failure(.misconfigured("it refuses the key", advice: "")), at: bench.now)
        bench.settle()
        bench.ask(2)
        #expect(bench.problems.map(\.code) == [.misconfigured, .misconfigured])
        #expect(bench.core.open == 0)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func aModelThatNoServerHasIsToldAtOnce() {
        var bench = CoreBench()
        bench.ask(1, model: "another")
        #expect(bench.problems.map(\.what) == ["no server has the model 'another'"])
        bench.ask(2, model: "m")
        #expect(bench.flights.count == 1)
    }

    @Test func theServersAreDescribedOnceEachWasProbed() {
        var core = GatewayCore<String>(limits: GatewayLimits())
        let now = Instant(nanoseconds: 0)
        core.add("http://a", at: now)
        core.add("http://b", at: now)
        core.probed(ServerID(1), .success(.test()), at: now)
        core.describe(to: "x")
        for case .reply in core.takeActions() { Issue.record("it was told too early") }
        core.probed(ServerID(2), .failure(.unavailable("nothing answers there")), at: now)
        var described: [BackendDescription] = []
        for case .reply(_, .described(let backends)) in core.takeActions() { described = backends }
        #expect(described.map(\.url) == ["http://a"])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func underAnyFaultsEveryCallEndsOnceAndNothingIsLeft(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bench = CoreBench(servers: 3, slots: 4)
        let calls = 200
        var next: UInt32 = 0
        while bench.replies.count < calls {
            if next < calls, generator.below(3) == 0 {
                bench.ask(next, constraint: .choice(["yes"]))
                next += 1
            } else if !bench.flights.isEmpty {
                let chosen = generator.below(bench.flights.count)
                bench.flights.swapAt(0, chosen)
                switch generator.below(8) {
                case 0: bench.status(429, retryAfter: .seconds(1))
                case 1: bench.status(500)
                case 2: bench.end(.failure(.reset))
                case 3: bench.end(.failure(.cannotConnect))
                case 4: bench.answer("rubbish")
                default: bench.answer("yes")
                }
            } else if !bench.probes.isEmpty {
                bench.answerProbes()
            } else {
                bench.pass(.milliseconds(200))
            }
            for status in bench.core.fleet.statuses(at: bench.now) { #expect(status.inFlight <= 4) }
        }
        #expect(bench.outcomes.count == calls, "seed \(seed)")
        #expect(bench.flights.isEmpty)
        #expect(bench.core.open == 0)
        #expect(bench.core.queue.bytes == 0)
        let rejected = bench.outcomes.reduce(0) { $0 + $1.rejected.count }
        #expect(bench.core.counters.rejected == rejected)
        #expect(bench.outcomes.allSatisfy { $0.answer == "yes" || $0.rejected.count == 3 })
    }
}
