import Curl
import GatewayLogic
import JSON
import Model
import Support
import Testing
import Wire

@testable import LLMGatewayRole

/// Calls that ask how many tokens a prompt has.
@Suite struct TokenCountTests {
    private static let messages = [
        PromptMessage(role: .system, segments: ["Be ", "Zoë."]), PromptMessage(role: .user, segments: ["Now?"]),
    ]

    private static let conversation =
        #"{"model":"m","messages":[{"role":"system","content":"Be Zoë."},{"role":"user","content":"Now?"}]}"#

    private static func profile(_ engine: Engine = .vllm, yardstick: UInt32 = 80) -> BackendProfile {
        var profile = BackendProfile.test(engine: engine)
        profile.yardstick = yardstick
        return profile
    }

    /// Servers that count so many tokens in the yardstick.
    private static func bench(_ yardsticks: [UInt32], engine: Engine = .vllm, slots: Int = 4) -> CoreBench {
        var bench = CoreBench(servers: UInt32(yardsticks.count), slots: slots, engine: engine)
        for (place, yardstick) in yardsticks.enumerated() {
            bench.core.probed(
                ServerID(UInt32(place) + 1), .success(profile(engine, yardstick: yardstick)), at: bench.now)
        }
        bench.settle()
        return bench
    }

    private static func ask(_ bench: inout CoreBench, _ number: UInt32, prompt: String = "same") {
        let spec = CompletionSpec(counting: [PromptMessage(role: .user, segments: [prompt])], model: "")
        let request = Complete(run: "r", call: CoreBench.call(number), seeds: [UInt64(number)], spec: spec)
        bench.core.complete(ArrivedCall(request), from: "host", at: bench.now)
        bench.settle()
    }

    /// Lets the time pass in which a call rests, or a failure counts as load.
    private static func goOn(_ bench: inout CoreBench) { bench.pass(.seconds(1)) }

    @Test(arguments: [
        (Engine.vllm, "/tokenize", conversation),
        (.vllmOld, "/tokenize", conversation),
        (.openai, "/tokenize", conversation),
        (.sglang, "/tokenize", #"{"model":"m","prompt":["Be Zoë.","Now?"]}"#),
        (
            .llamacpp, "/v1/chat/completions/input_tokens",
            conversation
        ),
    ])
    func eachKindOfServerIsAskedInItsOwnWords(engine: Engine, path: String, body: String) {
        let request = TokenCountRequest(Self.messages, model: "m", profile: Self.profile(engine))
        #expect(request.path == path)
        #expect(String(decoding: request.body, as: UTF8.self) == body)
    }

    @Test(arguments: [
        (#"{"count":58,"max_model_len":8192,"tokens":[1,2]}"#, 58), (#"{"input_tokens":58,"object":"x"}"#, 58),
        (#"{"tokens":[[1,2],[3]],"count":[40,18]}"#, 58 + TokenCountRequest.template),
    ])
    func aReplyIsReadAndTextsCountedApartGetRoomForATemplate(body: String, count: Int) throws {
        #expect(try TokenCountRequest.count(Array(body.utf8)) == count)
    }

    @Test func theCountIsTheAnswerAndPaysNothing() throws {
        var bench = Self.bench([80])
        Self.ask(&bench, 1)
        #expect(try #require(bench.flights.first).path == "/tokenize")
        bench.status(200, body: #"{"count":58}"#)
        #expect(
            bench.outcomes == [
                CompletionOutcome(
                    answer: "58", rejection: "", rejected: [], promptTokens: 0, completionTokens: 0, model: "m")
            ])
        #expect(bench.core.counters.counts == 1)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func onePromptIsCountedOnceHoweverManyAskAndWhenever() {
        var bench = Self.bench([80])
        for number in 0..<50 as Range<UInt32> { Self.ask(&bench, number) }
        #expect(bench.flights.count == 1)
        bench.status(200, body: #"{"count":58}"#)
        Self.ask(&bench, 50)
        #expect(bench.flights.isEmpty)
        #expect(bench.outcomes.map(\.answer) == [String?](repeating: "58", count: 51))
        #expect(bench.core.counters.counts == 1)
    }

    @Test func aCountAndAnAnswerOfTheSameMessagesAreTwoRequests() {
        let count = CompletionSpec(counting: Self.messages, model: "m")
        var answer = count
        answer.kind = .text
        #expect(count.requestHash != answer.requestHash)
    }

    @Test func aServerThatCountsNothingIsPassedOver() throws {
        var bench = Self.bench([0, 80, 0])
        for number in 0..<6 as Range<UInt32> { Self.ask(&bench, number, prompt: "prompt \(number)") }
        #expect(bench.flights.count == 6)
        #expect(Set(bench.flights.map(\.server)) == [ServerID(2)])
        for _ in 0..<6 { bench.status(200, body: #"{"count":58}"#) }
        #expect(bench.outcomes.count == 6)
        #expect(bench.core.queue.bytes == 0)
        #expect(bench.core.open == 0)
    }

    @Test func aServerThatStopsCountingIsReplacedByAnother() throws {
        var bench = Self.bench([80, 80])
        Self.ask(&bench, 1)
        let first = try #require(bench.flights.first).server
        bench.status(404)
        Self.goOn(&bench)
        let second = try #require(bench.flights.first).server
        #expect(second != first)
        bench.status(200, body: #"{"count":58}"#)
        #expect(bench.outcomes.map(\.answer) == ["58"])
        // It still answers: that it counts nothing is no fault.
        #expect(bench.core.fleet.serves(first, "m"))
        #expect(bench.core.fleet.isUsable(first, at: bench.now))
    }

    @Test func whereNoServerCountsTheHostIsTold() {
        var bench = Self.bench([0])
        Self.ask(&bench, 1)
        #expect(bench.flights.isEmpty)
        #expect(bench.problems == [GatewayCore<String>.noCount])
        var last = Self.bench([80])
        Self.ask(&last, 1)
        last.status(405)
        Self.goOn(&last)
        #expect(last.flights.isEmpty)
        #expect(last.problems == [GatewayCore<String>.noCount])
        #expect(last.core.queue.bytes == 0)
    }

    @Test func aPromptThatTheServerRefusesToCountIsRejected() {
        var bench = Self.bench([80])
        Self.ask(&bench, 1)
        bench.status(400, body: #"{"error":{"message":"too long","code":400}}"#)
        #expect(bench.outcomes.map(\.answer) == [nil])
        #expect(bench.outcomes.map(\.rejection) == ["the server refuses to count (HTTP 400): 400: too long"])
    }

    @Test(arguments: [#"{"count":-1}"#, #"{"count":"5"}"#, "{}", "", #"{"count":[1,null]}"#, #"{"count":9999999999}"#])
    func aReplyThatIsNoCountIsAskedForAgain(body: String) {
        var bench = Self.bench([80])
        Self.ask(&bench, 1)
        bench.status(200, body: body)
        #expect(bench.outcomes.isEmpty)
        Self.goOn(&bench)
        #expect(bench.flights.count == 1)
        bench.status(200, body: #"{"count":58}"#)
        #expect(bench.outcomes.map(\.answer) == ["58"])
    }

    @Test func fastCountsSayNothingOfHowLongAnswersTake() {
        var bench = Self.bench([80], slots: 64)
        for number in 0..<40 as Range<UInt32> {
            Self.ask(&bench, number, prompt: "prompt \(number)")
            bench.now = bench.now + .milliseconds(1)
            bench.status(200, body: #"{"count":58}"#)
        }
        bench.pass(.seconds(2))
        for tokens in [1, 8, 64, 4_096] { #expect(bench.core.fleet.usualTime(answerTokens: tokens) == nil) }
    }

    /// Two servers, and tokenizers that have answered many times within a millisecond.
    private static func usedToFastCounts() -> CoreBench {
        var bench = bench([80, 80], slots: 64)
        for number in 0..<80 as Range<UInt32> {
            ask(&bench, number, prompt: "prompt \(number)")
            bench.now = bench.now + .milliseconds(1)
            bench.status(200, body: #"{"count":58}"#)
        }
        return bench
    }

    @Test func aSlowCountTakesNoAnswerFromTheServer() {
        var bench = Self.usedToFastCounts()
        for number in 100..<110 as Range<UInt32> { bench.ask(number) }
        for number in 200..<204 as Range<UInt32> { Self.ask(&bench, number, prompt: "slow \(number)") }
        func answers() -> [UInt64] { bench.flights.filter { $0.path != "/tokenize" }.map(\.number) }
        let sent = answers()
        bench.pass(.milliseconds(900))
        #expect(sent.count == 10 && answers() == sent && bench.cancelled.isEmpty)
        #expect([1, 2].allSatisfy { bench.core.fleet.isUsable(ServerID($0), at: bench.now) })
    }

    @Test func theYardstickTellsWhetherAServerCounts() throws {
        let reply = { (status: Int, body: String) -> Result<HTTPResponse, HTTPFailure> in
            .success(HTTPResponse(status: status, body: Array(body.utf8)))
        }
        #expect(try TokenCountRequest.yardstick(reply(200, #"{"count":80}"#)) == 80)
        for status in [400, 401, 404, 405, 422, 501] {
            #expect(try TokenCountRequest.yardstick(reply(status, "{}")) == 0)
        }
        #expect(try TokenCountRequest.yardstick(reply(200, #"{"tokens":[1]}"#)) == 0)
        for status in [429, 500, 503] {
            #expect(throws: ProbeFailure.self) { try TokenCountRequest.yardstick(reply(status, "{}")) }
        }
        #expect(throws: ProbeFailure.self) { try TokenCountRequest.yardstick(.failure(.timeout)) }
    }
}
