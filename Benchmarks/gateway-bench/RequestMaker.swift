import Hashing
import Model
import Wire

/// Makes the requests of a load, by number: the same for every run of the same options.
struct RequestMaker: Sendable {
    let options: LoadOptions
    private let shared: [String]
    private let filling: String

    init(options: LoadOptions) {
        self.options = options
        let length = options.bytes * 3 / 4
        shared = (0..<options.groups).map { group in
            Self.text("group \(group) seed \(options.seed). ", bytes: length)
        }
        filling = Self.text("the rest of a prompt ", bytes: options.bytes - length)
    }

    /// The prompt that request `number` has: its own, or that of an earlier one.
    func prompt(_ number: Int) -> Int {
        guard options.repeated > 0, number > 0 else { return number }
        var generator = SeededGenerator(seed: options.seed &+ UInt64(number) &* 0x9E37_79B9)
        guard generator.below(100) < options.repeated else { return number }
        return generator.below(number)
    }

    /// The request's options, when it has any.
    func choices() -> [String] { (0..<options.choices).map { "option \($0)" } }

    func request(_ number: Int) -> Complete {
        let prompt = prompt(number)
        let own = "agent \(prompt): "
        let rest = String(filling.dropFirst(own.utf8.count))
        let spec = CompletionSpec(
            kind: options.choices > 0 ? .choice : .text, model: "",
            messages: [
                PromptMessage(role: .system, segments: [shared[prompt % options.groups]]),
                PromptMessage(role: .user, segments: [own, rest]),
            ],
            constraint: options.choices > 0 ? .choice(choices()) : .free,
            sampling: Sampling(temperature: options.repeated > 0 ? 0 : 700, topP: 1000, maxTokens: 16))
        let turn = TurnID.root(round: 1, kind: .act, agent: "agent \(number)")
        let seeds = (0..<3).map { UInt64(number) &* 31 &+ UInt64($0) &+ options.seed }
        return Complete(run: "bench-\(options.seed)", call: CallID(turn: turn, number: 0), seeds: seeds, spec: spec)
    }

    private static func text(_ words: String, bytes: Int) -> String {
        String(decoding: (0..<bytes).map { Array(words.utf8)[$0 % words.utf8.count] }, as: UTF8.self)
    }
}
