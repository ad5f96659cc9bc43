import ArgumentParser
import Support

/// How the emulator computes vectors.
struct EmbeddingArguments: ParsableArguments {
    @Option(help: "Time of a request for vectors, as 860us; by default --latency.") var embeddingBase: String?
    @Option(help: "... and of each of its texts.") var embeddingPerText = "0"
    @Option(help: "... and of each pair of its texts.") var embeddingPerPair = "0"
    @Option(help: "... and of each of its tokens, shorter texts filled up to the longest.") var embeddingPerToken = "0"
    @Option(help: "Most texts in a request for vectors; more are refused.") var embeddingBatch: Int?

    /// The cost of a request, nil where none is given.
    func cost() throws -> EmbeddingCost? {
        guard let embeddingBase else {
            guard [embeddingPerText, embeddingPerPair, embeddingPerToken].allSatisfy({ $0 == "0" }) else {
                throw ValidationError("--embedding-per-... need --embedding-base, which may be 0")
            }
            return nil
        }
        var cost = EmbeddingCost()
        cost.request = try Self.span(embeddingBase, "--embedding-base")
        cost.text = try Self.span(embeddingPerText, "--embedding-per-text")
        cost.pair = try Self.span(embeddingPerPair, "--embedding-per-pair")
        cost.token = try Self.span(embeddingPerToken, "--embedding-per-token")
        return cost
    }

    private static func span(_ text: String, _ name: String) throws -> Span {
        guard let span = DurationText.read(text), span <= .seconds(60) else {
            throw ValidationError("\(name) \(text) is not a length of time of at most a minute, as 860us or 4ms")
        }
        return span
    }
}
