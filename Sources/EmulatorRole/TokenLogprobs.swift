import Glibc
import Hashing
import JSON

/// The log probabilities of an answer's tokens, in OpenAI's form. Of choices they follow from their distribution; of
/// other answers they are made up from a hash, the same for the same request.
struct TokenLogprobs {
    /// What vLLM writes for a probability of zero.
    static let lowest = -9_999.0
    /// Most alternatives of a token that may be asked for, vLLM's default.
    static let maximumTop = 20

    /// One token with its probability.
    struct Token: Equatable {
        var text: [UInt8]
        var probability: Double

        var logprob: Double { probability > 0 ? max(log(probability), TokenLogprobs.lowest) : TokenLogprobs.lowest }
    }

    /// One place in the answer: the token there, and what could stand there, the likeliest first.
    struct Place: Equatable {
        var token: Token
        var top: [Token]
    }

    /// The places of an answer that was drawn from a distribution. Each token's probability is that of all choices
    /// that go on with it, among those that begin with what is before it.
    static func places(of answer: String, from distribution: ChoiceDistribution, top: Int) -> [Place] {
        let tokens = TokenCounter.pieces(answer)
        var candidates = zip(distribution.choices, distribution.probabilities).map {
            (pieces: TokenCounter.pieces($0), probability: $1)
        }
        return tokens.enumerated().map { place, token in
            let total = candidates.reduce(0) { $0 + $1.probability }
            var options: [Token] = []
            for candidate in candidates where place < candidate.pieces.count {
                let share = total > 0 ? candidate.probability / total : 0
                if let known = options.firstIndex(where: { $0.text == candidate.pieces[place] }) {
                    options[known].probability += share
                } else {
                    options.append(Token(text: candidate.pieces[place], probability: share))
                }
            }
            candidates.removeAll { place >= $0.pieces.count || $0.pieces[place] != token }
            let own = options.first { $0.text == token } ?? Token(text: token, probability: 0)
            // Equals stay in the order of the choices.
            let ranked = options.enumerated().sorted {
                $0.element.probability == $1.element.probability
                    ? $0.offset < $1.offset : $0.element.probability > $1.element.probability
            }
            return Place(token: own, top: ranked.prefix(top).map(\.element))
        }
    }

    /// The places of an answer without choices.
    static func places(of answer: String, seed: UInt64, top: Int) -> [Place] {
        var generator = SeededGenerator(seed: seed)
        return TokenCounter.pieces(answer).map { piece in
            let own = Token(text: piece, probability: Double(500 + generator.below(500)) / 1_000)
            return Place(token: own, top: top > 0 ? [own] : [])
        }
    }

    /// Writes the value of `logprobs`.
    static func write(_ places: [Place], to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("content")
        writer.beginArray()
        for place in places {
            writer.beginObject()
            write(place.token, to: &writer)
            writer.key("top_logprobs")
            writer.beginArray()
            for token in place.top {
                writer.beginObject()
                write(token, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ token: Token, to writer: inout JSONWriter) {
        writer.key("token")
        writer.value(String(decoding: token.text, as: UTF8.self))
        writer.key("logprob")
        writer.value(token.logprob)
        writer.key("bytes")
        writer.beginArray()
        for byte in token.text { writer.value(Int(byte)) }
        writer.endArray()
    }
}
