import Hashing
import Model
import Vectors

/// Calls to language models.
///
/// Each call recalls memories by nearness to what it is `about`: a short text, best one that many agents and rounds
/// share, so that its vector is computed once; the whole observation where none is given.
extension Turn {
    /// Chooses one of `options` after an observation rendered from `template`; returns its index. Validated: an
    /// answer outside of the options is asked for again and at last fails the turn.
    public func choose(_ template: String, _ fields: [String: Value], options: [String], about: String? = nil)
        async throws -> Int
    {
        precondition(!options.isEmpty, "a choice needs options")
        let answer = try await consult(
            .choice, template, fields, about, constraint: .choice(options), maxTokens: Self.choiceTokens(options))
        guard let index = options.firstIndex(of: answer) else {
            throw TurnFailed(.init(reason: .rejectedAnswers, text: "an answer outside of the options was accepted"))
        }
        return index
    }

    /// Writes a text after an observation rendered from `template`.
    public func write(_ template: String, _ fields: [String: Value], about: String? = nil) async throws -> String {
        try await consult(
            .text, template, fields, about, constraint: .free, maxTokens: assets.models.maxReplyTokens)
    }

    /// Rates on a scale of whole numbers after an observation rendered from `template`.
    public func rate(_ template: String, _ fields: [String: Value], scale: ClosedRange<Int>, about: String? = nil)
        async throws -> Int
    {
        let options = scale.map(String.init)
        let answer = try await consult(
            .scale, template, fields, about, constraint: .choice(options), maxTokens: Self.choiceTokens(options))
        guard let value = Int(answer), scale.contains(value) else {
            throw TurnFailed(.init(reason: .rejectedAnswers, text: "an answer outside of the scale was accepted"))
        }
        return value
    }

    /// Answers in JSON that satisfies `schema` (a JSON schema's text) after an observation rendered from `template`.
    public func structured(
        _ template: String, _ fields: [String: Value], schema: String, about: String? = nil
    ) async throws -> String {
        try await consult(
            .structured, template, fields, about, constraint: .jsonSchema(schema),
            maxTokens: assets.models.maxReplyTokens)
    }

    /// Tokens that the longest option can take: a token has at least one byte.
    private static func choiceTokens(_ options: [String]) -> UInt32 {
        UInt32(clamping: (options.map(\.utf8.count).max() ?? 0) + 2)
    }

    /// One call with the agent's whole prompt: instruction, profile, memory, observation.
    private func consult(
        _ kind: CallKind, _ template: String, _ fields: [String: Value], _ about: String?,
        constraint: AnswerConstraint, maxTokens: UInt32
    ) async throws -> String {
        let text = assets.prompts.render(template, fields: .map(fields))
        let view = try await recall(for: about ?? text)
        let observation = PromptComposer.cut(text, around: Self.texts(in: fields))
        let messages = try await fit(
            view, observation: observation, tokens: assets.models.promptTokens(besideAnswerOf: maxTokens),
            model: assets.models.model(for: kind))
        return try await complete(
            kind, messages: messages, constraint: constraint, maxTokens: maxTokens,
            reading: reading(of: template, constraint))
    }

    /// How the configuration wants an action's answer: an action goes by the name of its template.
    private func reading(of template: String, _ constraint: AnswerConstraint) -> AnswerReading {
        guard case .choice = constraint, assets.models.distributions.contains(template) else { return .sample }
        return .distribution
    }

    /// What the agent remembers at the sight of `text`. Asks for the text's vector only where there is something to
    /// search.
    private func recall(for text: String) async throws -> MemoryView {
        var query: FixedVector?
        if log.state.memory.needsQuery(assets.memory) { query = try await embed([text]).first }
        return log.state.memory.retrieve(query: query, now: time, settings: assets.memory)
    }

    /// Lays out the prompt within its budget: the least relevant long-term memories give way first, then the oldest
    /// short-term ones; a prompt that is too long without any memory fails the turn.
    private func fit(
        _ full: MemoryView, observation: [String], tokens: Int, model: String
    ) async throws -> [PromptMessage] {
        let announcement = agent == .environment ? "" : worldText(Intervention.announcementField)
        let fitting = try await longestPrompt(of: tokens, model: model, pieces: full.long.count + full.short.count) {
            var view = full
            view.long.removeLast(min($0, full.long.count))
            view.short.removeFirst($0 - (full.long.count - view.long.count))
            return assets.composer.messages(
                agent: agent, state: log.state, memory: view, announcement: announcement, observation: observation)
        }
        guard let fitting else {
            throw TurnFailed(.init(reason: .limit, text: "a prompt without memories is longer than \(tokens) tokens"))
        }
        return fitting
    }

    /// One call with these messages.
    func complete(
        _ kind: CallKind, messages: [PromptMessage], constraint: AnswerConstraint, maxTokens: UInt32,
        reading: AnswerReading = .sample
    ) async throws -> String {
        let spec = CompletionSpec(
            kind: kind, model: assets.models.model(for: kind), messages: messages, constraint: constraint,
            sampling: Sampling(
                temperature: assets.models.temperature, topP: assets.models.topP, maxTokens: maxTokens),
            reading: reading)
        let (number, outcome) = try await perform(spec)
        guard let answer = outcome.answer else {
            throw TurnFailed(.init(reason: .rejectedAnswers, text: "\(kind.name) call \(number): \(outcome.rejection)"))
        }
        return answer
    }

    /// Makes a call, and notes how it ended. Returns its number, too.
    func perform(_ spec: CompletionSpec) async throws -> (number: UInt32, outcome: CompletionOutcome) {
        let call = CallID(turn: identity, number: try beginCall(isCount: spec.kind == .count))
        let request = assets.composer.requestHash(of: spec, agent: agent)
        let outcome = try await performer.complete(spec, request: request, call: call, agent: agent, tree: tree)
        let result = outcome.resultHash
        log.outcomes.append(OutcomeUse(number: call.number, result: result))
        log.names.append(OutcomeName(call: call, request: request, result: result))
        return (call.number, outcome)
    }

    /// All texts inside of fields, in no matter which order: they only say where a prompt may be cut.
    private static func texts(in fields: [String: Value]) -> [String] {
        var found: [String] = []
        func visit(_ value: Value) {
            switch value {
            case .text(let text): found.append(text)
            case .list(let values): values.forEach(visit)
            case .map(let values): values.values.forEach(visit)
            case .null, .bool, .int, .double: break
            }
        }
        fields.values.forEach(visit)
        return found
    }
}
