import Hashing
import JSON
import Testing

@testable import EmulatorRole

private let choices = ["apply", "wait", "decline", "ask"]

private func core(_ policy: ChoicePolicy, seed: UInt64 = 3) -> EmulatorCore {
    var options = EmulatorOptions()
    options.policy = policy
    options.seed = seed
    return EmulatorCore(options)
}

private func post(_ core: EmulatorCore, _ endpoint: Endpoint, _ body: [UInt8]) throws -> JSONValue {
    let reply = core.reply(to: endpoint, method: "POST", query: "", body: body)
    #expect(reply.status == 200, "\(String(decoding: reply.body, as: UTF8.self))")
    return try JSONValue(parsing: reply.body)
}

private func chat(_ core: EmulatorCore, _ message: String, _ members: [(String, JSONValue)] = []) throws -> JSONValue {
    let more = members.map { JSONObject.Member(key: $0.0, value: $0.1) }
    return try post(core, .chat, chatBody(message, JSONObject(choiceMembers(choices).members + more)))
}

/// What `/v1/decisions` says of the choices after this input.
private func decision(_ core: EmulatorCore, _ input: String, _ instructions: String = "") throws -> JSONValue {
    let question: JSONValue = [
        "type": "choice", "instructions": .string(instructions),
        "choices": .array(choices.map { ["value": .string($0)] }),
    ]
    let body: JSONValue = ["model": "emulator", "input": .string(input), "questions": [question]]
    return try #require(post(core, .decisions, body.serialized())["answers"]?[0])
}

private func probabilities(_ answer: JSONValue) -> [Double] {
    answer["probabilities"]?.arrayValue?.compactMap { $0["probability"]?.doubleValue } ?? []
}

@Suite struct ChoiceDistributionTests {
    /// Answers under 4,000 seeds, counted, against what was said before; chi-square with three degrees of freedom
    /// stays below 16.3 in 999 of 1,000 cases.
    @Test(arguments: [ChoicePolicy.sampled, .seeded])
    func answersAreDrawnAsTheProbabilitiesSay(_ policy: ChoicePolicy) throws {
        let core = core(policy)
        let expected = probabilities(try decision(core, "which one?"))
        #expect(expected.count == 4)
        #expect(abs(expected.reduce(0, +) - 1) < 1e-9)
        var counts: [String: Int] = [:]
        for seed in 0..<4_000 as Range<Int64> {
            let reply = try chat(core, "which one?", [("seed", .int(seed))])
            counts[try #require(reply["choices"]?[0]?["message"]?["content"]?.stringValue), default: 0] += 1
        }
        let distance = zip(choices, expected).reduce(0.0) { sum, entry in
            let difference = Double(counts[entry.0] ?? 0) - 4_000 * entry.1
            return sum + difference * difference / (4_000 * entry.1)
        }
        #expect(distance < 16.3, "\(counts) against \(expected)")
    }

    @Test func aTemperatureSharpensAndTheColdestTakesTheMostLikely() throws {
        let core = core(.sampled)
        let answer = try decision(core, "which one?")
        let expected = probabilities(answer)
        let likeliest = try #require(answer["choice"]?.stringValue)
        #expect(choices.firstIndex(of: likeliest) == expected.firstIndex(of: expected.max() ?? 0))
        var hits: [Double: Int] = [:]
        for temperature in [0, 0.3, 1, 3] {
            for seed in 0..<500 as Range<Int64> {
                let reply = try chat(core, "which one?", [("seed", .int(seed)), ("temperature", .double(temperature))])
                if reply["choices"]?[0]?["message"]?["content"]?.stringValue == likeliest {
                    hits[temperature, default: 0] += 1
                }
            }
        }
        #expect(hits[0] == 500)
        #expect((hits[0.3] ?? 0) > (hits[1] ?? 0) && (hits[1] ?? 0) > (hits[3] ?? 0), "\(hits)")
        for seed in 0..<50 as Range<Int64> {
            let reply = try chat(core, "which one?", [("seed", .int(seed)), ("top_p", 0.01)])
            #expect(reply["choices"]?[0]?["message"]?["content"]?.stringValue == likeliest)
        }
    }

    @Test func aPromptHasItsOwnDistributionAndKeepsIt() throws {
        let first = probabilities(try decision(core(.sampled), "which one?"))
        #expect(probabilities(try decision(core(.sampled), "which one?")) == first)
        #expect(probabilities(try decision(core(.sampled), "which other?")) != first)
        #expect(probabilities(try decision(core(.sampled, seed: 4), "which one?")) != first)
        // Instructions are one more message.
        let core = core(.sampled)
        let messages: JSONValue = [
            ["role": "system", "content": "be brief"], ["role": "user", "content": "which one?"],
        ]
        var body = choiceMembers(choices)
        body["messages"] = messages
        body["logprobs"] = true
        body["top_logprobs"] = 4
        let reply = try post(core, .chat, JSONValue.object(body).serialized())
        let top = try #require(reply["choices"]?[0]?["logprobs"]?["content"]?[0]?["top_logprobs"]?.arrayValue)
        let ranked = probabilities(try decision(core, "be brief", "which one?")).sorted(by: >)
        #expect(top.count == 4)
        for (entry, probability) in zip(top, ranked) {
            #expect(abs((entry["logprob"]?.doubleValue ?? 1) - Self.log(probability)) < 1e-9)
        }
    }

    private static func log(_ value: Double) -> Double {
        TokenLogprobs.Token(text: [], probability: value).logprob
    }

    @Test func policiesThatSayWhichAreCertain() throws {
        #expect(probabilities(try decision(core(.first), "x")) == [1, 0, 0, 0])
        #expect(probabilities(try decision(core(.max), "x")) == [0, 0, 0, 1])
        let reply = try chat(core(.max), "x", [("logprobs", true), ("top_logprobs", 2)])
        let place = reply["choices"]?[0]?["logprobs"]?["content"]?[0]
        #expect(place?["token"] == "ask")
        #expect(place?["logprob"]?.doubleValue == 0)
        #expect(place?["top_logprobs"]?[1]?["logprob"]?.doubleValue == TokenLogprobs.lowest)
    }

    @Test func aPredicateHasTheProbabilityOfYes() throws {
        let body: JSONValue = [
            "input": [["role": "user", "content": "is it?"]],
            "questions": [["type": "predicate", "name": "yes", "instructions": "say"]],
        ]
        let answer = try #require(post(core(.sampled), .decisions, body.serialized())["answers"]?[0])
        #expect(answer["name"] == "yes")
        #expect((0...1).contains(try #require(answer["probability"]?.doubleValue)))
    }

    @Test func sglangDecidesTheSameInItsOwnWords() throws {
        var options = EmulatorOptions()
        options.policy = .sampled
        options.seed = 3
        options.engine = .sglang
        let body: JSONValue = [
            "model": "emulator", "input": "be brief",
            "questions": [
                [
                    "id": "first", "type": "choice", "question": "which one?",
                    "options": .array(choices.map { ["name": .string($0)] }),
                ]
            ],
        ]
        let reply = try post(EmulatorCore(options), .decisions, body.serialized())
        let answer = try #require(reply["answers"]?["first"])
        let expected = probabilities(try decision(core(.sampled), "be brief", "which one?"))
        #expect(choices.map { answer["probabilities"]?[$0]?.doubleValue ?? -1 } == expected)
        #expect(answer["label_mass"]?.doubleValue == 1)
        let read = try ChatCompletionReply.readDecision(reply.serialized())
        #expect(read.alternatives?.map(\.probability) == expected)
    }

    @Test(arguments: [
        #"{"input":" ","questions":[{"id":"1","type":"choice","question":"q","options":[{"name":"a"},{"name":"b"}]}]}"#,
        #"{"input":"x","questions":[{"id":"1","type":"choice","question":"","options":[{"name":"a"},{"name":"b"}]}]}"#,
        #"{"input":"x","questions":[{"id":"1","type":"choice","question":"q","#
            + #""options":[{"name":"a"},{"name":" A"}]}]}"#,
        #"{"input":"x","questions":[{"id":"1","type":"choice","question":"q","options":[{"name":"a"}]}]}"#,
    ])
    func questionsThatSGLangDoesNotTakeAreRefused(_ body: String) {
        var options = EmulatorOptions()
        options.engine = .sglang
        let reply = EmulatorCore(options).reply(to: .decisions, method: "POST", query: "", body: Array(body.utf8))
        #expect(reply.status == 400)
    }

    @Test(arguments: [
        "{}", #"{"input":"x"}"#, #"{"input":"x","questions":[]}"#, #"{"input":5,"questions":[{"type":"predicate"}]}"#,
        #"{"input":"x","questions":[{"type":"choice","choices":[{"value":"a"}]}]}"#,
        #"{"input":"x","questions":[{"type":"choice","choices":[{"value":"a"},{"value":"a"}]}]}"#,
        #"{"input":"x","questions":[{"type":"score"}]}"#,
    ])
    func wrongQuestionsAreRefused(_ body: String) {
        let reply = core(.sampled).reply(to: .decisions, method: "POST", query: "", body: Array(body.utf8))
        #expect(reply.status == 400)
    }
}
