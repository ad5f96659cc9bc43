import GatewayLogic
import Hashing
import Model
import Support
import Testing
import Wire

@testable import LLMGatewayRole

/// Calls that want the distribution of their options.
@Suite struct ChoiceCallsTests {
    private static let options = ["no", "yes"]

    private func ask(
        _ bench: inout CoreBench, _ number: UInt32, seed: UInt64? = nil, options: [String] = options,
        prompt: String = "same", temperature: UInt32 = 1000
    ) {
        bench.ask(
            number, constraint: .choice(options), prompt: prompt, temperature: temperature,
            seeds: [seed ?? UInt64(number), 1_000_000 + UInt64(number)], reading: .distribution)
    }

    private func told(_ probabilities: [(String, Double)]) -> String {
        let content = probabilities[0].0
        let top = probabilities.map { #"{"token":"\#($0.0)","logprob":\#($0.1),"bytes":null}"# }
        return """
            {"model":"m-1","choices":[{"message":{"content":"\(content)"},"logprobs":{"content":[
            {"token":"\(content)","logprob":\(probabilities[0].1),"top_logprobs":[\(top.joined(separator: ","))]}]}}],
            "usage":{"prompt_tokens":100,"completion_tokens":1}}
            """
    }

    /// ln 0.25 and ln 0.75.
    private var oneToThree: String { told([("no", -1.386294361), (" yes", -0.287682072)]) }

    @Test func aHundredAgentsOfOnePromptAreOneRequestAndAnswerByTheirSeeds() throws {
        var bench = CoreBench()
        for number in 0..<100 as Range<UInt32> { ask(&bench, number) }
        #expect(bench.flights.count == 1)
        bench.status(200, body: oneToThree)
        #expect(bench.flights.isEmpty)
        let distribution = try #require(ChoiceDistribution(probabilities: [250_000, 750_000], coverage: 1_000_000))
        let expected = (0..<100 as Range<UInt64>).map { Self.options[distribution.draw(seed: $0)] }
        #expect(bench.outcomes.map(\.answer) == expected)
        #expect(Set(expected).count == 2)
        #expect(bench.outcomes.allSatisfy { $0.distribution?.probabilities == distribution.probabilities })
        #expect(bench.outcomes.allSatisfy { $0.fallback.isEmpty && $0.rejected.isEmpty && $0.model == "m-1" })
        #expect(bench.outcomes.map(\.promptTokens) == [100] + [UInt32](repeating: 0, count: 99))
        // Who comes later draws from what is remembered.
        ask(&bench, 100)
        #expect(bench.flights.isEmpty)
        #expect(bench.outcomes.last?.answer == Self.options[distribution.draw(seed: 100)])
        #expect(bench.core.counters.drawn == 101)
        #expect(bench.core.queue.bytes == 0)
        #expect(bench.core.open == 0)
    }

    @Test func theRequestAsksForProbabilitiesAndIsFreeOfSeedAndTemperature() throws {
        var bench = CoreBench()
        ask(&bench, 1, temperature: 300)
        let flight = try #require(bench.flights.first)
        let body = String(decoding: flight.body, as: UTF8.self)
        #expect(flight.path == "/v1/chat/completions")
        #expect(
            body.hasSuffix(
                #""temperature":1,"top_p":1,"max_tokens":1,"logprobs":true,"top_logprobs":20,"#
                    + #""structured_outputs":{"choice":["no","yes"]}}"#), "\(body)")
    }

    @Test func whereAChoiceIsPutAsAnObjectTheFirstTokenIsLeftFree() throws {
        var bench = CoreBench(engine: .openai)
        ask(&bench, 1)
        let body = String(decoding: try #require(bench.flights.first).body, as: UTF8.self)
        #expect(body.hasSuffix(#""top_logprobs":20}"#), "\(body)")
    }

    @Test func differentPromptsAndTemperaturesAreReadApart() {
        var bench = CoreBench()
        ask(&bench, 1, prompt: "one")
        ask(&bench, 2, prompt: "another")
        ask(&bench, 3, prompt: "one", temperature: 500)
        #expect(bench.flights.count == 3)
    }

    @Test func aSampledCallOfTheSamePromptIsAskedForItself() {
        var bench = CoreBench()
        ask(&bench, 1, temperature: 0)
        bench.ask(2, constraint: .choice(Self.options), prompt: "same", temperature: 0)
        #expect(bench.flights.count == 2)
    }

    @Test func withoutProbabilitiesEachCallIsSampledByItsSeedAndSaysWhy() throws {
        var bench = CoreBench(slots: 8, engine: .llamacpp)
        for number in 0..<3 as Range<UInt32> { ask(&bench, number) }
        bench.answer("no")
        #expect(bench.flights.map(seed) == ["0", "1", "2"])
        for _ in 0..<3 { bench.answer("yes") }
        #expect(bench.outcomes.map(\.answer) == ["yes", "yes", "yes"])
        #expect(bench.outcomes.allSatisfy { $0.fallback == "the server told no probabilities" })
        #expect(bench.outcomes.allSatisfy { $0.distribution == nil })
        #expect(bench.core.counters.unread == 3)
        // What was said to the reading is paid, too.
        #expect(bench.outcomes.map(\.promptTokens) == [200, 100, 100])
        #expect(bench.core.queue.bytes == 0)
        #expect(bench.core.open == 0)
    }

    @Test func atTemperatureZeroTheFallbackIsAskedOnceForAll() {
        var bench = CoreBench(engine: .llamacpp)
        for number in 0..<3 as Range<UInt32> { ask(&bench, number, temperature: 0) }
        bench.answer("no")
        #expect(bench.flights.count == 1)
        bench.answer("yes")
        #expect(bench.outcomes.map(\.answer) == ["yes", "yes", "yes"])
    }

    @Test func aRefusedReadingIsNoFailureOfTheCall() throws {
        var bench = CoreBench(slots: 8, engine: .openai)
        for number in 0..<2 as Range<UInt32> { ask(&bench, number) }
        bench.status(400, body: #"{"error":{"message":"logprobs are not enabled here"}}"#)
        #expect(bench.flights.count == 2)
        bench.answer("yes")
        bench.answer("no")
        #expect(bench.outcomes.map(\.answer) == ["yes", "no"])
        #expect(bench.outcomes.allSatisfy { $0.fallback.contains("HTTP 400") })
        ask(&bench, 7)
        #expect(bench.flights.count == 1)
    }

    @Test func aServerThatFailsIsAskedAgainNotGivenUp() {
        var bench = CoreBench()
        ask(&bench, 1)
        bench.status(500)
        // Whether at once or after a pause is the fleet's to say.
        bench.pass(.seconds(5))
        bench.status(200, body: oneToThree)
        #expect(bench.outcomes.map(\.fallback) == [""])
        #expect(bench.outcomes.first?.distribution != nil)
    }

    @Test func whenTheOneThatReadsIsGivenUpTheNextReads() {
        var bench = CoreBench()
        for number in 0..<3 as Range<UInt32> { ask(&bench, number) }
        bench.core.cancel(CancelCalls(run: "r", calls: [CoreBench.call(0)]), at: bench.now)
        bench.settle()
        #expect(bench.flights.count == 1)
        bench.status(200, body: oneToThree)
        #expect(bench.outcomes.count == 2)
        #expect(bench.core.open == 0)
    }

    // MARK: decisions

    private static let alike = ["not now", "not ever"]

    @Test func whatFirstTokensCannotTellApartVLLMDecides() throws {
        var bench = CoreBench()
        for number in 0..<40 as Range<UInt32> { ask(&bench, number, options: Self.alike) }
        bench.status(200, body: told([("not", 0)]))
        #expect(bench.flights.map(\.path) == ["/v1/decisions"])
        let body = String(decoding: try #require(bench.flights.first).body, as: UTF8.self)
        #expect(
            body == #"{"model":"m","input":[{"role":"user","content":"same"}],"questions":[{"type":"choice","#
                + #""instructions":"","choices":[{"value":"not now"},{"value":"not ever"}]}]}"#)
        bench.status(
            200,
            body: """
                {"object":"decision","model":"m-1","answers":[{"type":"choice","choice":"not now","probabilities":
                [{"value":"not now","probability":0.9},{"value":"not ever","probability":0.1}]}],
                "usage":{"input_tokens":30,"output_tokens":0}}
                """)
        #expect(bench.outcomes.count == 40)
        #expect(Set(bench.outcomes.map(\.answer)) == Set(Self.alike))
        #expect(bench.outcomes.allSatisfy { $0.distribution?.probabilities == [900_000, 100_000] })
        #expect(bench.outcomes.allSatisfy { $0.fallback.isEmpty })
        #expect(bench.outcomes.first?.promptTokens == 130)
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func whatFirstTokensCannotTellApartSGLangDecidesInItsOwnWords() throws {
        var bench = CoreBench(engine: .sglang)
        for number in 0..<3 as Range<UInt32> { ask(&bench, number, options: Self.alike) }
        bench.status(200, body: told([("not", 0)]))
        let flight = try #require(bench.flights.first)
        #expect(flight.path == "/v1/decisions")
        #expect(
            String(decoding: flight.body, as: UTF8.self)
                == #"{"model":"m","input":"same","questions":[{"id":"1","type":"choice","question":"Which one?","#
                + #""options":[{"name":"not now"},{"name":"not ever"}]}]}"#)
        bench.status(
            200,
            body: """
                {"model":"m-1","answers":{"1":{"type":"choice","choice":"not now","label_mass":0.8,
                "probabilities":{"not now":0.75,"not ever":0.25}}},"usage":{"prompt_tokens":30}}
                """)
        #expect(bench.outcomes.count == 3)
        #expect(bench.outcomes.allSatisfy { $0.distribution?.probabilities == [750_000, 250_000] })
        #expect(bench.outcomes.allSatisfy { $0.distribution?.coverage == 800_000 })
        #expect(bench.core.queue.bytes == 0)
    }

    @Test func aDecisionThatIsRefusedIsSampledAndSaysNothingOfTheServer() {
        var bench = CoreBench(engine: .sglang)
        ask(&bench, 1, options: Self.alike)
        bench.status(200, body: told([("not", 0)]))
        bench.status(400, body: #"{"message":"a regex parser is not supported by this template"}"#)
        bench.answer("not now")
        #expect(bench.outcomes.map(\.answer) == ["not now"])
        #expect(bench.core.fleet.status(of: ServerID(1), at: bench.now)?.state == .working)
        let many = (0..<27).map { "not \($0)" }
        ask(&bench, 2, options: many)
        bench.status(200, body: told([("not", 0)]))
        // More than SGLang has letters for.
        #expect(bench.flights.map(\.path) == ["/v1/chat/completions"])
    }

    @Test func aReadingChoosesItsAdapterAsAnAnswerDoes() throws {
        var bench = CoreBench(engine: .llamacpp)
        var profile = BackendProfile.test(models: ["taste@3"], engine: .llamacpp)
        profile.adapters = ["taste@3": 1]
        bench.core.probed(ServerID(1), .success(profile), at: bench.now)
        bench.ask(
            1, constraint: .choice(Self.options), temperature: 1000, model: "taste@3", reading: .distribution)
        let body = String(decoding: try #require(bench.flights.first).body, as: UTF8.self)
        #expect(body.hasPrefix(#"{"model":"m","#), "\(body)")
        #expect(body.contains(#""lora":[{"id":1,"scale":1}]"#), "\(body)")
    }

    @Test(arguments: [404, 405, 501])
    func aServerWithoutDecisionsIsAskedForThemOnce(status: Int) throws {
        var bench = CoreBench()
        ask(&bench, 1, options: Self.alike)
        bench.status(200, body: told([("not", 0)]))
        bench.status(status, body: "{}")
        bench.answer("not ever")
        let outcome = try #require(bench.outcomes.first)
        #expect(outcome.answer == "not ever")
        #expect(outcome.fallback.contains("same token") && outcome.fallback.contains("\(status)"))
        ask(&bench, 2, options: Self.alike, prompt: "another")
        bench.status(200, body: told([("not", 0)]))
        #expect(bench.flights.map(\.path) == ["/v1/chat/completions"])
        #expect(bench.problems.isEmpty)
    }

    @Test func aDecisionThatMeetsAServerWithoutThemIsSampledThere() {
        var bench = CoreBench(servers: 2, slots: 1)
        bench.core.probed(ServerID(2), .success(.test(engine: .llamacpp)), at: bench.now)
        for number in 8..<10 as Range<UInt32> { bench.ask(number) }
        ask(&bench, 1, options: Self.alike)
        // Only the server that makes no decisions gets free.
        bench.flights.sort { $0.server > $1.server }
        bench.answer("x")
        bench.flights.sort { $0.server > $1.server }
        bench.status(200, body: told([("not", 0)]))
        bench.flights.sort { $0.server > $1.server }
        #expect(bench.flights.map(\.path) == ["/v1/chat/completions", "/v1/chat/completions"])
        bench.answer("not now")
        bench.answer("x")
        #expect(bench.outcomes.map(\.answer) == ["x", "not now", "x"])
        #expect(bench.outcomes[1].fallback.hasSuffix("the server reads no decisions"))
        #expect(bench.core.open == 0)
        #expect(bench.core.queue.bytes == 0)
    }
}
