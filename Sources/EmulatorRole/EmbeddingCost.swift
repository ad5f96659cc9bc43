import Support

/// How long the emulated server computes at one request for vectors.
///
/// Four parts: each request, each text, each pair of texts of one request, and each token once all texts are padded to
/// the longest. The part of the pairs makes very large requests worse than middling ones, as memory does on a GPU. With
/// `--parallel 1` one request is computed after the other.
public struct EmbeddingCost: Sendable, Equatable {
    /// Time of each request.
    public var request = Span(nanoseconds: 0)
    /// Time of each text.
    public var text = Span(nanoseconds: 0)
    /// Time of each pair of texts of a request, a text with itself included.
    public var pair = Span(nanoseconds: 0)
    /// Time of each token, those included that fill up shorter texts.
    public var token = Span(nanoseconds: 0)

    /// A cost of nothing.
    public init() {}

    /// The time for texts of these numbers of tokens.
    func time(tokens: [Int]) -> Span {
        let count = Double(tokens.count)
        let padded = count * Double(tokens.max() ?? 0)
        let seconds =
            request.seconds + text.seconds * count + pair.seconds * count * count + token.seconds * padded
        return Span.seconds(min(seconds, 3_600))
    }
}
