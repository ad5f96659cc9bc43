import Curl
import Hashing
import Model
import Support
import Wire

@testable import LLMGatewayRole

/// The model servers. What they answer follows from prompt and seed; whether and when, from the simulation's dice.
/// They live on when a gateway dies: what it asked for is answered and paid, and nobody hears of it.
final class ModelServers {
    static let profile = BackendProfile(
        engine: .vllm, version: "1", model: "m", contextTokens: 4096, slots: 4, tokenLimitField: .maxTokens,
        yardstick: yardstick)
    static let yardstick: UInt32 = 80

    private let world: World
    let ledger: Ledger
    private var dice: Dice
    /// How long an answer takes, in microseconds.
    var latency = 2_000...20_000
    /// Chance of a reply that is none, in millionths.
    var trouble = 0

    init(world: World, ledger: Ledger, dice: Dice) {
        self.world = world
        self.ledger = ledger
        self.dice = dice
    }

    /// Answers a request some time later, if whoever asked still lives.
    func answer(
        _ request: Complete, body: [UInt8], timeout: Span, to asker: Life,
        _ done: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        let span = dice.span(latency)
        // A tokenizer is asked as often as anybody likes.
        guard request.spec.kind != .count else {
            let body = Array(#"{"count":\#(Self.tokens(of: request.spec))}"#.utf8)
            let result: Result<HTTPResponse, HTTPFailure> =
                dice.happens(trouble) ? .failure(.reset) : .success(HTTPResponse(status: 200, body: body))
            return asker.after(span) { done(result) }
        }
        let paid = Ledger.Paid(call: request.call, request: request.spec.requestHash)
        ledger.modelAsked(paid)
        guard !dice.happens(trouble) else { return fail(paid, after: span, timeout: timeout, to: asker, done) }
        world.after(span) { [ledger] in ledger.modelAnswered(paid) }
        asker.after(Span(nanoseconds: span.nanoseconds + 1_000)) {
            done(.success(HTTPResponse(status: 200, body: Self.reply(to: request.spec, body: body))))
        }
    }

    private func fail(
        _ paid: Ledger.Paid, after span: Span, timeout: Span, to asker: Life,
        _ done: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        switch dice.number(0...4) {
        case 0:
            asker.after(span) {
                done(.success(HTTPResponse(status: 429, body: Array("{}".utf8), retryAfter: .seconds(1))))
            }
        case 1: asker.after(span) { done(.success(HTTPResponse(status: 500, body: Array("{}".utf8)))) }
        case 2: asker.after(span) { done(.failure(.reset)) }
        case 3: asker.after(timeout) { done(.failure(.timeout)) }
        default:
            // The answer was made, and its reply is lost.
            world.after(span) { [ledger] in ledger.modelAnswered(paid) }
            asker.after(timeout) { done(.failure(.timeout)) }
        }
    }

    /// The tokens of a prompt, two bytes each.
    private static func tokens(of spec: CompletionSpec) -> Int {
        spec.messages.reduce(0) { $0 + $1.text.utf8.count / 2 }
    }

    /// The one answer to a prompt under a seed. Now and then it is none of the options, so that it is asked again.
    private static func reply(to spec: CompletionSpec, body: [UInt8]) -> [UInt8] {
        let hash = HashBuilder.hash64(.content) { $0.append(body) }
        let text: String
        switch spec.constraint {
        case .choice(let options): text = hash % 5 == 0 ? "hm" : options[Int(hash >> 8) % options.count]
        case .free: text = "word \(hash % 1000)"
        case .jsonSchema: text = "{}"
        }
        return Array(
            """
            {"model":"m","choices":[{"message":{"content":"\(text)"}}],\
            "usage":{"prompt_tokens":10,"completion_tokens":2}}
            """.utf8)
    }
}
