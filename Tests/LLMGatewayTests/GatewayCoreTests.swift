import Curl
import Hashing
import Model
import Support
import Testing
import Wire

@testable import LLMGatewayRole

/// The gateway's logic under a virtual clock, with servers played by the test.
private struct Bench {
    var core: GatewayCore<String>
    var now = Instant(nanoseconds: 0)
    var flights: [Flight] = []
    var replies: [(asker: String, reply: GatewayReply)] = []
    var wakes: [(call: UInt64, at: Instant)] = []
    var probes: [(backend: Int, after: Span)] = []
    var cancelled: [UInt64] = []

    init(servers: Int = 1, slots: UInt32 = 4, _ change: (inout GatewayLimits) -> Void = { _ in }) {
        var limits = GatewayLimits()
        change(&limits)
        core = GatewayCore(pool: BackendPool(urls: (0..<servers).map { "http://s\($0)" }, window: 0), limits: limits)
        core.start()
        for server in 0..<servers { core.probed(server, .success(.test(slots: slots))) }
        settle()
        probes = []
    }

    /// Sends what can be sent and sorts the actions.
    mutating func settle() {
        core.dispatch(at: now)
        for action in core.takeActions() {
            switch action {
            case .send(let flight): flights.append(flight)
            case .cancel(let flight):
                cancelled.append(flight)
                flights.removeAll { $0.number == flight }
            case .reply(let asker, let reply): replies.append((asker, reply))
            case .wake(let call, let after): wakes.append((call, now + after))
            case .probe(let backend, let after): probes.append((backend, after))
            }
        }
    }

    mutating func ask(
        _ number: UInt32, _ asker: String = "host", constraint: AnswerConstraint = .free, prompt: String = "p",
        seeds: [UInt64] = [10, 20, 30]
    ) {
        let spec = CompletionSpec(
            kind: .text, model: "", messages: [PromptMessage(role: .user, segments: [prompt])],
            constraint: constraint, sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 8))
        let turn = TurnID.root(round: 1, kind: .act, agent: "a")
        core.complete(
            Complete(run: "r", call: CallID(turn: turn, number: number), seeds: seeds, spec: spec), from: asker, at: now
        )
        settle()
    }

    /// Ends the oldest flight.
    mutating func end(_ result: Result<HTTPResponse, HTTPFailure>) {
        core.finished(flight: flights.removeFirst().number, result, at: now)
        settle()
    }

    mutating func answer(_ text: String?) {
        let content = text.map { "\"\($0)\"" } ?? "null"
        end(
            .success(
                HTTPResponse(
                    status: 200,
                    body: Array(
                        """
                        {"model":"m-1","choices":[{"message":{"content":\(content)}}],\
                        "usage":{"prompt_tokens":100,"completion_tokens":7}}
                        """.utf8))))
    }

    mutating func status(_ status: Int, body: String = "", retryAfter: Span? = nil) {
        end(.success(HTTPResponse(status: status, body: Array(body.utf8), retryAfter: retryAfter)))
    }

    /// Lets the time of the next retry come.
    mutating func awake() {
        let next = wakes.removeFirst()
        now = max(now, next.at)
        core.retryDue(call: next.call)
        settle()
    }

    var outcomes: [CompletionOutcome] {
        replies.compactMap { if case .completed(let outcome) = $0.reply { outcome } else { nil } }
    }

    var problems: [Problem] {
        replies.compactMap { if case .failed(let problem) = $0.reply { problem } else { nil } }
    }
}

private func seed(of flight: Flight) -> String? {
    String(decoding: flight.body, as: UTF8.self).split(separator: "\"seed\":").last.map {
        String($0.prefix(while: \.isNumber))
    }
}

@Suite struct GatewayCoreTests {
    @Test func anAnswerIsReportedWithItsTokensAndModel() throws {
        var bench = Bench()
        bench.ask(1)
        bench.answer("hello")
        #expect(
            bench.outcomes == [
                CompletionOutcome(
                    answer: "hello", rejection: "", rejected: [], promptTokens: 100, completionTokens: 7, model: "m-1")
            ])
    }

    @Test func aCallIsAskedAsOftenAsItBringsSeeds() {
        var bench = Bench()
        bench.ask(1, constraint: .choice(["yes"]), seeds: [1, 2, 3, 4, 5])
        for _ in 0..<4 { bench.answer("no") }
        #expect(bench.outcomes.isEmpty)
        bench.answer("no")
        #expect(bench.outcomes.map(\.rejected.count) == [5])
    }

    @Test func absurdCountsOfTokensStopAtTheLargest() {
        var bench = Bench()
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
        var bench = Bench()
        bench.ask(1, constraint: .jsonSchema(schema))
        #expect(bench.flights.isEmpty)
        #expect(bench.problems.map(\.code) == [.invalid])
    }

    @Test func aRejectedAnswerIsAskedAgainWithTheNextSeedAndReported() throws {
        var bench = Bench()
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
        var bench = Bench()
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
    func whatIsNoAnswerIsSentAgainWithTheSameSeedAfterAWait(trouble: Result<HTTPResponse, HTTPFailure>) throws {
        var bench = Bench()
        bench.ask(1)
        bench.end(trouble)
        #expect(bench.flights.isEmpty)
        #expect(try #require(bench.wakes.first).at > bench.now)
        bench.awake()
        #expect(seed(of: try #require(bench.flights.first)) == "10")
        bench.answer("fine")
        #expect(bench.outcomes.map(\.answer) == ["fine"])
        #expect(bench.outcomes.first?.rejected == [])
    }

    @Test func waitsGrowAndRetryAfterIsHonoured() {
        var bench = Bench()
        bench.ask(1)
        var waits: [Span] = []
        for retry in 0..<6 {
            bench.status(429, retryAfter: retry == 1 ? .seconds(7) : nil)
            waits.append(bench.wakes[0].at.since(bench.now))
            bench.awake()
        }
        #expect(waits[0] >= .milliseconds(50) && waits[0] <= .milliseconds(100))
        #expect(waits[1] == .seconds(7))
        #expect(waits[5] >= .milliseconds(1600) && waits[5] <= .milliseconds(3200))
    }

    @Test func aCallThatNoServerAnswersIsUnavailableAtItsDeadlineAndNeverFails() throws {
        var bench = Bench { $0.deadline = .seconds(60) }
        bench.ask(1)
        while bench.problems.isEmpty {
            if bench.flights.isEmpty {
                bench.awake()
                bench.core.expire(at: bench.now)
                bench.settle()
            } else {
                bench.status(500)
            }
        }
        #expect(bench.now >= Instant(nanoseconds: 0) + .seconds(60))
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.problems.first?.what == "no answer within 60 s; last: HTTP 500")
        #expect(bench.outcomes.isEmpty)
        #expect(bench.core.queue.bytes == 0)
        bench.ask(1, "again")
        #expect(bench.flights.count == 1)
    }

    @Test func aServerThatHangsIsGivenUpAtTheDeadline() throws {
        var bench = Bench { $0.deadline = .seconds(1) }
        bench.ask(1)
        let flight = try #require(bench.flights.first)
        #expect(flight.timeout == .seconds(1))
        bench.now = bench.now + .seconds(1)
        bench.core.expire(at: bench.now)
        bench.settle()
        #expect(bench.cancelled == [flight.number])
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.core.pool.backends[0].inFlight == 0)
    }

    @Test func theSameCallAskedTwiceIsSentOnceAndBothAreTold() {
        var bench = Bench()
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

    @Test func aReleasedCallIsSentAnew() {
        var bench = Bench()
        bench.ask(1)
        bench.answer("x")
        let call = CallID(turn: .root(round: 1, kind: .act, agent: "a"), number: 1)
        bench.core.release(ReleaseOutcomes(run: "another run", calls: [call]))
        bench.ask(1)
        #expect(bench.flights.isEmpty)
        bench.core.release(ReleaseOutcomes(run: "r", calls: [call]))
        bench.ask(1)
        #expect(bench.flights.count == 1)
    }

    @Test func aPromptThatTheServerRefusesIsRejectedWithItsWordsAndNotSentAgain() throws {
        var bench = Bench()
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
        var bench = Bench()
        bench.ask(1)
        bench.status(status, body: body)
        #expect(bench.problems.map(\.code) == [.misconfigured])
        #expect(bench.outcomes.isEmpty)
        bench.ask(1)
        #expect(bench.flights.count == 1)
    }

    @Test func theOtherFieldForTheLengthOfAnswersIsLearnedFromTheServer() throws {
        var bench = Bench()
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
        var bench = Bench(slots: 1) { $0.queueBytes = 1_000 }
        for number in 1...4 as ClosedRange<UInt32> { bench.ask(number, prompt: "0123456789") }
        #expect(bench.problems == [])
        bench.ask(5, prompt: "0123456789")
        let problem = try #require(bench.problems.first)
        #expect(problem.code == .overloaded)
        #expect(problem.what == "the queue is full: 3 calls, 798 bytes")
    }

    @Test func callsOfTurnsUnderWayGoBeforeFirstCalls() throws {
        var bench = Bench(slots: 1)
        bench.ask(9)
        bench.ask(0)
        bench.ask(3)
        bench.answer("x")
        #expect(bench.flights.first?.call.number == 3)
    }

    @Test func aDeadServerIsProbedAndItsWorkGoesToTheOther() throws {
        var bench = Bench(servers: 2, slots: 1)
        bench.ask(1)
        #expect(bench.flights.first?.backend == 0)
        bench.end(.failure(.cannotConnect))
        #expect(bench.probes.map(\.backend) == [0])
        bench.awake()
        #expect(bench.flights.first?.backend == 1)
        bench.core.probed(0, .failure(.unavailable("down")))
        bench.settle()
        #expect(bench.probes.count == 2)
        bench.core.probed(0, .success(.test(slots: 1)))
        bench.settle()
        bench.ask(2)
        #expect(bench.flights.last?.backend == 0)
    }

    @Test func callsWaitWhileNoServerWorksAndGoWhenOneIsBack() {
        var bench = Bench()
        bench.ask(1)
        bench.end(.failure(.cannotConnect))
        bench.ask(2)
        bench.awake()
        #expect(bench.flights.isEmpty)
        bench.core.probed(0, .success(.test()))
        bench.settle()
        #expect(bench.flights.count == 2)
    }

    @Test func whenEveryServerIsMisconfiguredCallsAreToldAtOnce() {
        var bench = Bench()
        bench.ask(1)
        bench.end(.failure(.cannotConnect))
        bench.core.probed(0, .failure(.misconfigured("it refuses the key", advice: "")))
        bench.settle()
        bench.ask(2)
        #expect(bench.problems.map(\.code) == [.misconfigured, .misconfigured])
        #expect(bench.core.open == 0)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func theServersAreDescribedOnceEachWasProbed() {
        var core = GatewayCore<String>(
            pool: BackendPool(urls: ["http://a", "http://b"], window: 0), limits: GatewayLimits())
        core.start()
        core.probed(0, .success(.test()))
        core.describe(to: "x")
        #expect(core.takeActions().count == 2)
        core.probed(1, .failure(.unavailable("nothing answers there")))
        var described: [BackendDescription] = []
        for case .reply(_, .described(let backends)) in core.takeActions() { described = backends }
        #expect(described.map(\.url) == ["http://a"])
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func underAnyFaultsEveryCallEndsOnceAndNothingIsLeft(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bench = Bench(servers: 3, slots: 4)
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
                bench.core.probed(bench.probes.removeFirst().backend, .success(.test(slots: 4)))
                bench.settle()
            } else if !bench.wakes.isEmpty {
                bench.awake()
            } else {
                bench.now = bench.now + .seconds(1)
                bench.settle()
            }
            for backend in bench.core.pool.backends { #expect(backend.inFlight <= 4) }
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
