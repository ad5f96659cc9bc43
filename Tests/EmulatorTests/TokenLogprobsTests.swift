import Glibc
import Hashing
import JSON
import Testing

@testable import EmulatorRole

@Suite struct TokenLogprobsTests {
    @Test(arguments: ["", " ", "a", "a b", "  two\nwords ", "incomprehensibilities of it", "naïveté über alles"])
    func piecesAreTheTextAndAsManyAsItsTokens(_ text: String) {
        let pieces = TokenCounter.pieces(text)
        #expect(pieces.flatMap { $0 } == Array(text.utf8))
        #expect(pieces.allSatisfy { !$0.isEmpty })
        if TokenCounter.answer(text) > 0 { #expect(pieces.count == TokenCounter.answer(text)) }
    }

    @Test func theTokensOfAChoiceMultiplyToItsProbability() {
        let choices = ["take the job", "take the offer now", "refuse", "take nothing"]
        let distribution = ChoiceDistribution(choices: choices, probabilities: [0.1, 0.2, 0.3, 0.4])
        for (choice, probability) in zip(choices, distribution.probabilities) {
            let places = TokenLogprobs.places(of: choice, from: distribution, top: 20)
            let product = places.reduce(0.0) { $0 + $1.token.logprob }
            #expect(abs(exp(product) - probability) < 1e-12)
            for place in places {
                #expect(abs(place.top.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
                #expect(zip(place.top, place.top.dropFirst()).allSatisfy { $0.probability >= $1.probability })
            }
        }
        let first = TokenLogprobs.places(of: "refuse", from: distribution, top: 1)
        // Three choices begin with the same token.
        #expect(first[0].top.map(\.text) == [Array("take".utf8)])
        #expect(abs(first[0].top[0].probability - 0.7) < 1e-12)
    }

    @Test func freeAnswersHaveProbabilitiesAsWell() throws {
        let core = EmulatorCore(EmulatorOptions())
        let members = JSONObject([.init(key: "logprobs", value: true)])
        let reply = core.reply(to: .chat, method: "POST", query: "", body: chatBody("tell me", members))
        let choice = try #require(JSONValue(parsing: reply.body)["choices"]?[0])
        let tokens = choice["logprobs"]?["content"]?.arrayValue ?? []
        #expect(tokens.compactMap { $0["token"]?.stringValue }.joined() == choice["message"]?["content"]?.stringValue)
        #expect(tokens.allSatisfy { ($0["logprob"]?.doubleValue ?? 1) <= 0 })
        #expect(tokens.allSatisfy { $0["top_logprobs"]?.arrayValue?.isEmpty == true })
    }

    @Test(arguments: [("top_logprobs", 21), ("top_logprobs", -1), ("top_logprobs", 3)] as [(String, Int64)])
    func wrongWishesAreRefused(_ key: String, _ value: Int64) {
        let reply = EmulatorCore(EmulatorOptions()).reply(
            to: .chat, method: "POST", query: "",
            body: chatBody("x", JSONObject([.init(key: key, value: .int(value))])))
        #expect(reply.status == 400)
    }
}
