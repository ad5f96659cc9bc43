import Hashing
import JSON

/// What the emulated model says. Pure: the answer follows from the seed and the request and nothing else.
struct AnswerPolicy {
    /// An answer with what the reply says about it.
    struct Answer: Equatable {
        var content: String
        /// `stop`, or `length` where the request's limit cut it.
        var finishReason: String
        var promptTokens: Int
        var completionTokens: Int
    }

    var policy: ChoicePolicy
    var seed: UInt64
    var replyTokens: ClosedRange<Int>
    var context: Int
    var engine: EmulatedEngine

    /// Answers the request whose digest is given. Throws the refusal of a prompt that does not fit or of a schema
    /// that the emulator does not know.
    func answer(_ request: ChatRequest, digest: Digest128) throws(Refusal) -> Answer {
        let promptTokens = request.promptTokens
        // llama.cpp cuts an answer at the end of its context; the others refuse what might not fit.
        let wanted = engine == .llamacpp ? 0 : request.maxTokens ?? 0
        guard promptTokens < context, wanted <= context - promptTokens else {
            throw .contextExceeded(
                promptTokens: promptTokens, maxTokens: request.maxTokens, limit: context, engine: engine)
        }
        let hash = HashBuilder.hash64(.emulatorAnswer) { builder in
            builder.append(seed)
            builder.append(digest)
        }
        let limit = min(request.maxTokens ?? .max, context - promptTokens)
        let (content, whole) = TokenCounter.cut(try text(request, hash: hash), to: limit)
        return Answer(
            content: content, finishReason: whole ? "stop" : "length", promptTokens: promptTokens,
            completionTokens: TokenCounter.answer(content))
    }

    /// How likely each alternative of the request's constraint is; nil where the constraint has none.
    func distribution(_ request: ChatRequest) -> ChoiceDistribution? {
        guard let choices = request.constraint.alternatives else { return nil }
        var policy = policy(for: request)
        if policy != .sampled, request.constraint.isRating { policy = .seeded }
        return distribution(choices, policy: policy, model: request.model, prompt: request.messages.map(\.content))
    }

    /// The same for texts that make up a prompt.
    func distribution(_ choices: [String], policy: ChoicePolicy, model: String, prompt: [String]) -> ChoiceDistribution
    {
        let lines = prompt.enumerated().flatMap { $0 == 0 ? [$1] : ["\n", $1] }
        return ChoiceDistribution(choices, policy: policy, seed: seed, model: model, prompt: lines)
    }

    private func text(_ request: ChatRequest, hash: UInt64) throws(Refusal) -> String {
        if policy == .sampled, let distribution = distribution(request) {
            var generator = SeededGenerator(seed: hash)
            return distribution.draw(
                temperature: request.temperature, topP: request.topP, generator: &generator)
        }
        switch request.constraint {
        case .choices(let choices):
            if choices == Constraint.ratings { return choices[Int(hash % 10)] }
            var generator = SeededGenerator(seed: hash)
            switch policy(for: request) {
            case .seeded, .sampled: return choices[generator.below(choices.count)]
            case .max: return choices[choices.count - 1]
            case .first: return choices[0]
            }
        case .schema(let schema):
            if let rating = Constraint.rating(schema, hash: hash) { return rating }
            var sampler = SchemaSampler(policy: policy(for: request), generator: SeededGenerator(seed: hash))
            return String(decoding: try sampler.sample(schema).serialized(), as: UTF8.self)
        case .none:
            var english = PseudoEnglish(generator: SeededGenerator(seed: hash))
            switch QuestionKind(request.question) {
            case .importance: return String(1 + hash % 10)
            case .questions: return english.numberedLines(3, mark: "?")
            case .insights: return english.numberedLines(5, mark: ".")
            case .other:
                let words = replyTokens.lowerBound + english.generator.below(replyTokens.count)
                return english.text(words: words)
            }
        }
    }

    /// How this request's choices are made: those about importance by the hash whatever the policy.
    private func policy(for request: ChatRequest) -> ChoicePolicy {
        switch policy {
        case .seeded, .sampled: policy
        case .max, .first: QuestionKind(request.question) == .importance ? .seeded : policy
        }
    }
}

/// The requests that a simulation's memory makes and that must be answered in form whatever the policy.
enum QuestionKind {
    case importance
    case questions
    case insights
    case other

    init(_ question: String) {
        if question.containsFolded("most salient high-level questions") {
            self = .questions
        } else if question.containsFolded("high-level insights") {
            self = .insights
        } else if question.containsFolded("importance"),
            question.containsFolded("1 to 10") || question.containsFolded("scale")
        {
            self = .importance
        } else {
            self = .other
        }
    }
}

extension String {
    /// Whether the text holds `needle`, which must be lower-case ASCII, in any case of letters.
    func containsFolded(_ needle: StaticString) -> Bool {
        let needle = UnsafeBufferPointer(start: needle.utf8Start, count: needle.utf8CodeUnitCount)
        var copy = self
        return copy.withUTF8 { text in
            guard text.count >= needle.count, let first = needle.first else { return needle.isEmpty }
            for start in 0...(text.count - needle.count) where text[start].lowercased == first {
                var length = 1
                while length < needle.count, text[start + length].lowercased == needle[length] { length += 1 }
                if length == needle.count { return true }
            }
            return false
        }
    }
}

extension UInt8 {
    /// The lower-case letter of an upper-case ASCII one; any other byte as it is.
    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}
