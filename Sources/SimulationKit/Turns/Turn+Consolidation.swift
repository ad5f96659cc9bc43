import Model
import Vectors

/// The turn that opens an agent's round when memories fell out of its short-term memory in the last one: they are
/// rated and embedded, and the agent reflects when enough has come together.
extension Turn {
    /// Consolidates the agent's oldest pending memories, as many as the configuration allows at once.
    package func consolidate() async throws {
        var plan = ConsolidationPlan(log.state.memory, settings: assets.memory)
        guard !plan.entries.isEmpty else { return }
        let vectors = try await embed(plan.entries)
        plan.rate(try await ratings(of: plan.entries), vectors: vectors)
        while let reflection = plan.nextReflection() {
            let insights = try await reflect(on: reflection.latest, plan: plan)
            let vectors = try await embed(insights)
            plan.add(insights, ratings: try await ratings(of: insights), vectors: vectors)
        }
        try write(.consolidate(plan.result), to: agent)
    }

    /// Rates each text's importance from 1 to 10, all side by side.
    private func ratings(of texts: [String]) async throws -> [UInt8] {
        let options = (1...10).map(String.init)
        return try await parallel(texts) { text, turn in
            let messages = turn.memoryMessages(
                KitTemplates.importance, .map(["text": .text(text)]), around: [text])
            let answer = try await turn.complete(
                .importance, messages: messages, constraint: .choice(options), maxTokens: 4)
            guard let rating = ReplyParser.rating(answer) else {
                throw TurnFailed(.init(reason: .rejectedAnswers, text: "an importance was no number from 1 to 10"))
            }
            return rating
        }
    }

    /// Insights into the questions that the latest memories raise, in the order of the questions.
    private func reflect(on latest: [String], plan: ConsolidationPlan) async throws -> [String] {
        let reply = try await complete(
            .questions,
            messages: try await fittingMessages(
                .questions, KitTemplates.questions, [:], entries: latest.reversed(), newestFirst: true),
            constraint: .free, maxTokens: assets.models.maxReplyTokens)
        let questions = ReplyParser.questions(reply)
        let vectors = try await embed(questions)
        let now = time
        return try await parallel(Array(zip(questions, vectors))) { pair, turn in
            let messages = try await turn.fittingMessages(
                .insights, KitTemplates.insights, ["question": .text(pair.0)], entries: plan.recall(pair.1, now: now))
            return ReplyParser.insights(
                try await turn.complete(
                    .insights, messages: messages, constraint: .free,
                    maxTokens: turn.assets.models.maxReplyTokens))
        }.flatMap { $0 }
    }

    /// A prompt about memories, of which the last of `entries` give way first where the budget of reflection is too
    /// small for all. Entries given with the newest first are shown with the oldest first.
    private func fittingMessages(
        _ kind: CallKind, _ template: String, _ fields: [String: Value], entries: [String], newestFirst: Bool = false
    ) async throws -> [PromptMessage] {
        let tokens = assets.models.reflectionTokens
        let fitting = try await longestPrompt(
            of: tokens, model: assets.models.model(for: kind), pieces: entries.count
        ) {
            let kept = Array(entries.dropLast($0))
            var all = fields
            let shown = newestFirst ? kept.reversed() : kept
            all["entries"] = .list(shown.map { .map(["text": .text($0)]) })
            return memoryMessages(template, .map(all), around: kept)
        }
        guard let fitting else {
            throw TurnFailed(
                .init(reason: .limit, text: "a reflection without memories is longer than \(tokens) tokens"))
        }
        return fitting
    }

    private func memoryMessages(_ template: String, _ fields: Value, around pieces: [String]) -> [PromptMessage] {
        let text = assets.prompts.render(template, fields: fields)
        return assets.composer.messages(
            agent: agent, segments: PromptComposer.cut(text, around: pieces))
    }
}
