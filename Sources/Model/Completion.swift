import Hashing
import MessagePack

/// What an LLM or embedding call is for; a column of the recording.
public enum CallKind: UInt8, Sendable, CaseIterable {
    /// Choose one of several options.
    case choice = 1
    /// Write a text.
    case text = 2
    /// Rate on a scale.
    case scale = 3
    /// Answer by a JSON schema.
    case structured = 4
    /// Rate a memory's importance.
    case importance = 5
    /// The questions that start a reflection.
    case questions = 6
    /// The insights that answer one of these questions.
    case insights = 7
    /// How many tokens a prompt has, as a server that would answer it counts them. The answer is a number; no model
    /// works for it.
    case count = 8

    /// The name under which recordings and logs show it.
    public var name: String {
        switch self {
        case .choice: "choice"
        case .text: "text"
        case .scale: "scale"
        case .structured: "structured"
        case .importance: "importance"
        case .questions: "questions"
        case .insights: "insights"
        case .count: "count"
        }
    }
}

/// Who speaks in a chat message.
public enum ChatRole: UInt8, Sendable {
    /// The instruction.
    case system = 1
    /// The question.
    case user = 2
    /// An earlier answer.
    case assistant = 3

    /// The name in the OpenAI API.
    public var name: String {
        switch self {
        case .system: "system"
        case .user: "user"
        case .assistant: "assistant"
        }
    }
}

/// A chat message, cut into segments so that shared ones are stored and recognised once.
public struct PromptMessage: Hashable, Sendable {
    /// Who speaks.
    public var role: ChatRole
    /// The message's text, in pieces that are joined without a separator.
    public var segments: [String]

    /// A message of these pieces.
    public init(role: ChatRole, segments: [String]) {
        self.role = role
        self.segments = segments
    }

    /// The whole text.
    public var text: String { segments.joined() }
}

/// What an answer must satisfy. Verified here, whatever the server promised.
public enum AnswerConstraint: Hashable, Sendable {
    /// Any text.
    case free
    /// Exactly one of these texts.
    case choice([String])
    /// JSON that satisfies this schema (the schema's own JSON text).
    case jsonSchema(String)
}

/// How a model is asked to sample. Temperatures and probabilities in thousandths: hashed and compared exactly.
public struct Sampling: Hashable, Sendable {
    /// Temperature times 1000.
    public var temperature: UInt32
    /// Nucleus probability times 1000.
    public var topP: UInt32
    /// Most tokens that the answer may have.
    public var maxTokens: UInt32

    /// Sampling parameters in thousandths and tokens.
    public init(temperature: UInt32, topP: UInt32, maxTokens: UInt32) {
        self.temperature = temperature
        self.topP = topP
        self.maxTokens = maxTokens
    }
}

/// What is asked of a model, free of who asks. Its hash is half of the key under which an answer is kept.
public struct CompletionSpec: Hashable, Sendable {
    /// What the call is for.
    public var kind: CallKind
    /// The model's name; empty for the server's only one.
    public var model: String
    /// The conversation.
    public var messages: [PromptMessage]
    /// What the answer must satisfy.
    public var constraint: AnswerConstraint
    /// How to sample.
    public var sampling: Sampling
    /// How the answer comes about: `.distribution` is for choices only.
    public var reading: AnswerReading

    /// A request of this content.
    public init(
        kind: CallKind, model: String, messages: [PromptMessage], constraint: AnswerConstraint, sampling: Sampling,
        reading: AnswerReading = .sample
    ) {
        self.kind = kind
        self.model = model
        self.messages = messages
        self.constraint = constraint
        self.sampling = sampling
        self.reading = reading
    }

    /// The question how many tokens these messages have, for the model of that name.
    public init(counting messages: [PromptMessage], model: String) {
        self.init(
            kind: .count, model: model, messages: messages, constraint: .free,
            sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 0))
    }

    /// Hash of everything that can change the answer. How the text is cut into segments does not enter.
    public var requestHash: Digest128 {
        HashBuilder.hash128(.request) { hash in
            appendFirstMessage(to: hash)
            appendRest(to: hash)
        }
    }

    /// What the request hashes of all specs begin with that have this one's model, number of messages and first
    /// message: the instruction and profile that an agent's prompts share.
    public var requestHashPrefix: HashPrefix { HashPrefix(.request) { appendFirstMessage(to: $0) } }

    /// The request hash, from the prefix of a spec that begins alike.
    public func requestHash(after prefix: HashPrefix) -> Digest128 { prefix.hash128 { appendRest(to: $0) } }

    private func appendFirstMessage(to hash: borrowing HashBuilder) {
        hash.append(model)
        hash.append(UInt64(messages.count))
        if let first = messages.first { append(first, to: hash) }
    }

    private func appendRest(to hash: borrowing HashBuilder) {
        for message in messages.dropFirst() { append(message, to: hash) }
        switch constraint {
        case .free: hash.append(UInt64(0))
        case .choice(let options):
            hash.append(UInt64(1))
            hash.append(UInt64(options.count))
            for option in options { hash.append(option) }
        case .jsonSchema(let schema):
            hash.append(UInt64(2))
            hash.append(schema)
        }
        hash.append(UInt64(sampling.temperature))
        hash.append(UInt64(sampling.topP))
        hash.append(UInt64(sampling.maxTokens))
        // Sampled requests keep the hashes that they had before there was another way.
        if reading != .sample { hash.append(UInt64(reading.rawValue)) }
        // What has no answer of a model is another request than any that has.
        if kind == .count { hash.append("count") }
    }

    private func append(_ message: PromptMessage, to hash: borrowing HashBuilder) {
        hash.append(UInt64(message.role.rawValue))
        hash.append(joined: message.segments)
    }
}

/// An answer that was received and rejected.
public struct RejectedAttempt: Hashable, Sendable {
    /// Its number, from 0.
    public var attempt: UInt32
    /// Why it was rejected.
    public var reason: String
    /// What the model said, cut to a bounded length.
    public var answer: String

    /// Attempt `attempt` answered `answer`, rejected because of `reason`.
    public init(attempt: UInt32, reason: String, answer: String) {
        self.attempt = attempt
        self.reason = reason
        self.answer = answer
    }
}

/// How a call to a model ended: an accepted answer or an honest rejection. Never anything else: what is temporary
/// waits.
public struct CompletionOutcome: Hashable, Sendable {
    /// The accepted answer in canonical form (a choice is exactly its option); nil when all attempts were rejected.
    public var answer: String?
    /// Why the call failed; empty when it was answered.
    public var rejection: String
    /// The answers rejected on the way.
    public var rejected: [RejectedAttempt]
    /// Tokens of the prompt as counted by the server, over all attempts.
    public var promptTokens: UInt32
    /// Tokens of the answers as counted by the server, over all attempts.
    public var completionTokens: UInt32
    /// The model that answered, as the server names it.
    public var model: String
    /// What the answer was drawn from, where the request wanted that and it could be read.
    public var distribution: ChoiceDistribution?
    /// Why a model was asked to sample although the request wanted a distribution; empty otherwise.
    public var fallback: String

    /// An outcome with these parts.
    public init(
        answer: String?, rejection: String, rejected: [RejectedAttempt], promptTokens: UInt32,
        completionTokens: UInt32, model: String, distribution: ChoiceDistribution? = nil, fallback: String = ""
    ) {
        self.answer = answer
        self.rejection = rejection
        self.rejected = rejected
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.model = model
        self.distribution = distribution
        self.fallback = fallback
    }

    /// Hash of what a turn can see of the outcome: answer or rejection, not tokens, model or distribution.
    public var resultHash: Digest128 {
        HashBuilder.hash128(.result) { hash in
            hash.append(UInt64(answer == nil ? 0 : 1))
            hash.append(answer ?? rejection)
        }
    }
}

extension PromptMessage: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(UInt64(role.rawValue))
        packer.pack(segments)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("prompt message", count: 2)
        self.init(role: try unpacker.readCase(ChatRole.self), segments: try unpacker.readStrings())
    }
}

extension AnswerConstraint: Packable {
    public func pack(into packer: inout Packer) {
        switch self {
        case .free:
            packer.packArray(count: 1)
            packer.pack(UInt64(0))
        case .choice(let options):
            packer.packArray(count: 2)
            packer.pack(UInt64(1))
            packer.pack(options)
        case .jsonSchema(let schema):
            packer.packArray(count: 2)
            packer.pack(UInt64(2))
            packer.pack(schema)
        }
    }

    public init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.readArrayHeader()
        switch (try unpacker.readUInt(), count) {
        case (0, 1): self = .free
        case (1, 2):
            let options = try unpacker.readStrings()
            guard !options.isEmpty else { throw DecodingFailure.missing("options") }
            self = .choice(options)
        case (2, 2): self = .jsonSchema(try unpacker.readString())
        default: throw DecodingFailure.range("constraint")
        }
    }
}

extension Sampling: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(temperature))
        packer.pack(UInt64(topP))
        packer.pack(UInt64(maxTokens))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("sampling", count: 3)
        self.init(
            temperature: try unpacker.readUInt32(), topP: try unpacker.readUInt32(),
            maxTokens: try unpacker.readUInt32())
    }
}

extension CompletionSpec: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: reading == .sample ? 5 : 6)
        packer.pack(UInt64(kind.rawValue))
        packer.pack(model)
        packer.pack(messages)
        constraint.pack(into: &packer)
        sampling.pack(into: &packer)
        if reading != .sample { packer.pack(UInt64(reading.rawValue)) }
    }

    /// A sampled request has five parts, as before there was another way; any other has six.
    public init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.readArrayHeader()
        guard count == 5 || count == 6 else {
            throw DecodingFailure.count(of: "completion spec", found: count, expected: 5)
        }
        self.init(
            kind: try unpacker.readCase(CallKind.self), model: try unpacker.readString(),
            messages: try unpacker.readList(), constraint: try AnswerConstraint(from: &unpacker),
            sampling: try Sampling(from: &unpacker))
        guard kind != .count || self == CompletionSpec(counting: messages, model: model) else {
            throw DecodingFailure.range("count of tokens")
        }
        guard count == 6 else { return }
        reading = try unpacker.readCase(AnswerReading.self)
        guard reading == .distribution, case .choice = constraint, kind != .count else {
            throw DecodingFailure.range("reading of an answer")
        }
    }
}

extension RejectedAttempt: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(attempt))
        packer.pack(reason)
        packer.pack(answer)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("rejected attempt", count: 3)
        self.init(
            attempt: try unpacker.readUInt32(), reason: try unpacker.readString(),
            answer: try unpacker.readString())
    }
}

extension CompletionOutcome: Packable {
    public func pack(into packer: inout Packer) {
        let isPlain = distribution == nil && fallback.isEmpty
        packer.packArray(count: isPlain ? 6 : 8)
        packer.pack(optional: answer)
        packer.pack(rejection)
        packer.pack(rejected)
        packer.pack(UInt64(promptTokens))
        packer.pack(UInt64(completionTokens))
        packer.pack(model)
        guard !isPlain else { return }
        packer.pack(optional: distribution)
        packer.pack(fallback)
    }

    /// The outcome of a sampled request has six parts; that of one which wanted a distribution has eight.
    public init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.readArrayHeader()
        guard count == 6 || count == 8 else {
            throw DecodingFailure.count(of: "completion outcome", found: count, expected: 6)
        }
        self.init(
            answer: try unpacker.readStringIfPresent(), rejection: try unpacker.readString(),
            rejected: try unpacker.readList(), promptTokens: try unpacker.readUInt32(),
            completionTokens: try unpacker.readUInt32(), model: try unpacker.readString())
        guard count == 8 else { return }
        distribution = try unpacker.readIfPresent()
        fallback = try unpacker.readString()
        guard (distribution == nil) != fallback.isEmpty else { throw DecodingFailure.range("outcome's distribution") }
    }
}
