import Model
import ServiceRuntime
import Support
import Wire

/// What the gateways found behind them.
struct Probe: Sendable {
    var backends: [BackendDescription]
    var embedding: EmbeddingDescribed?
    /// The chat model that was named; nil where none was.
    var wanted: String?

    private static let limit = Span.seconds(90)

    /// Asks both gateways.
    static func ask(llm: WireClient, embedding: WireClient?, wanting model: String?) async throws -> Probe {
        let models = try await within(limit, at: ServiceNames.llmGateway) {
            try await llm.request(DescribeModels(), expecting: ModelsDescribed.self)
        }
        guard !models.backends.isEmpty else {
            throw UserError(
                "no LLM server answered", at: "--llm", advice: "check the addresses and that the servers run",
                exitCode: .unavailable)
        }
        guard let embedding else { return Probe(backends: models.backends, wanted: model) }
        let described = try await within(limit, at: ServiceNames.embeddingGateway) {
            try await embedding.request(DescribeEmbedding(), expecting: EmbeddingDescribed.self)
        }
        guard described.dimension > 0 else {
            throw UserError("the embedding server gives empty vectors", at: "--embedding", exitCode: .unavailable)
        }
        return Probe(backends: models.backends, embedding: described, wanted: model)
    }

    /// The chat model: the one that was named, or that all servers serve.
    func model() throws(UserError) -> String {
        let names = Set(backends.map(\.model)).sorted()
        if let wanted, names.contains(wanted) { return wanted }
        guard names.count == 1, let name = names.first else {
            throw UserError(
                "the LLM servers serve different models: \(names.joined(separator: ", "))", at: "--llm",
                advice: "name the one to use by --model", exitCode: .configuration)
        }
        return name
    }

    /// Tokens of context that every server offers, 0 when none says.
    var contextTokens: UInt32 { backends.map(\.contextTokens).filter { $0 > 0 }.min() ?? 0 }

    /// Tokens of the yardstick as the servers count them: different numbers in rising order. Empty where one of them
    /// counts none, since then it may be the only one that has a model.
    var yardsticks: [UInt32] {
        backends.allSatisfy { $0.yardstick > 0 } ? Set(backends.map(\.yardstick)).sorted() : []
    }

    /// The servers that count no tokens, in words.
    var uncounting: [String] {
        Set(backends.filter { $0.yardstick == 0 }.map { "\($0.engine) serving \($0.model)" }).sorted()
    }

    /// The servers in words, for the record; without addresses, which are the researcher's own. `yardsticks` are the
    /// run's own.
    func descriptions(yardsticks: [UInt32]) -> [String] {
        let chat = Set(backends.map { "chat: \($0.engine) \($0.version) serving \($0.model)" }).sorted()
        let vectors = embedding.map { ["embedding: \($0.engine) serving \($0.model), dimension \($0.dimension)"] }
        let sizes = yardsticks.map(String.init).joined(separator: ", ")
        let tokens =
            yardsticks.isEmpty
            ? "tokens of prompts: estimated" : "tokens of prompts: counted, the yardstick as \(sizes)"
        return chat + (vectors ?? []) + [tokens]
    }
}

/// Runs `work` for at most `limit`; problems and delays become errors at `place`.
func within<Value: Sendable>(
    _ limit: Span, at place: String, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(nanoseconds: limit.nanoseconds)
            return nil
        }
        defer { group.cancelAll() }
        do {
            if let value = try await group.next() ?? nil { return value }
        } catch let problem as Problem {
            throw problem.userError(at: place)
        }
        throw UserError(
            "no answer within \(Int(limit.seconds)) seconds", at: place,
            advice: "see its log, and check the servers behind it",
            exitCode: .unavailable)
    }
}
