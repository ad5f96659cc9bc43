import Curl
import JSON
import Support
import Vectors

/// What a server's reply to a request for vectors means.
enum EmbeddingReplyReading: Equatable {
    /// Unit vectors, one for each text.
    case vectors([[Float]])
    /// Not now: send the same batch again.
    case again(isBusy: Bool, retryAfter: Span?, reason: String)
    /// The server refuses the batch; with fewer texts it may take it.
    case refused(String)
    /// No vectors, and trying again does not help.
    case failed(EmbeddingFailure)

    private static let quotedBytes = 300

    /// Reads the reply to a request for `count` vectors; `dimension` nil takes any.
    static func read(_ result: Result<HTTPResponse, HTTPFailure>, count: Int, dimension: Int?) -> Self {
        switch result {
        case .failure(.tooLarge):
            .failed(.misconfigured("its reply is larger than the gateway reads", advice: "check --embedding"))
        case .failure(let failure) where failure.isTransient || failure == .shutDown:
            .again(isBusy: false, retryAfter: nil, reason: "\(failure)")
        case .failure(let failure):
            .failed(.misconfigured("the server cannot be asked (\(failure))", advice: "check --embedding"))
        case .success(let response): read(response, count: count, dimension: dimension)
        }
    }

    private static func read(_ response: HTTPResponse, count: Int, dimension: Int?) -> Self {
        let status = response.status
        if status == 200 { return vectors(response.body, count: count, dimension: dimension) }
        if RetryPolicy.isTransient(status: status) {
            return .again(
                isBusy: status == 429 || status == 503, retryAfter: response.retryAfter, reason: "HTTP \(status)")
        }
        let words = (try? APIErrorReply.read(response.body))?.message ?? "no reason given"
        let quoted = String(words.prefix(quotedBytes))
        switch status {
        case 400, 413, 422: return .refused("the server refuses the text (HTTP \(status)): \(quoted)")
        case 404:
            return .failed(
                .misconfigured("it has no such model or path (HTTP 404): \(quoted)", advice: "check --embedding"))
        case 401, 403:
            return .failed(
                .misconfigured(
                    "it refuses the key (HTTP \(status))", advice: "check --embedding-key-file or GENSIM_EMBEDDING_KEY")
            )
        default:
            return .failed(.misconfigured("it answers HTTP \(status): \(quoted)", advice: "check --embedding"))
        }
    }

    private static func vectors(_ body: [UInt8], count: Int, dimension: Int?) -> Self {
        let vectors: [[Float]]
        do {
            vectors = try EmbeddingReply.read(body, limits: JSONLimits(maximumBytes: body.count))
        } catch {
            return .again(isBusy: false, retryAfter: nil, reason: "the reply holds no vectors: \(error)")
        }
        guard vectors.count == count, let first = vectors.first else {
            return .again(
                isBusy: false, retryAfter: nil, reason: "the reply holds \(vectors.count) vectors for \(count) texts")
        }
        let expected = dimension ?? first.count
        var units: [[Float]] = []
        units.reserveCapacity(count)
        for vector in vectors {
            guard vector.count == expected else {
                return .failed(.dimensionChanged(expected: expected, found: vector.count))
            }
            do {
                units.append(try UnitVector.of(vector))
            } catch {
                return .failed(
                    .misconfigured("it makes a vector without direction (\(error))", advice: "check the model"))
            }
        }
        return .vectors(units)
    }
}
