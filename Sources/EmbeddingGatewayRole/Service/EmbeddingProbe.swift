import Curl
import Support

/// Probes one server on the loop's thread: what it tells about itself, then one vector.
final class EmbeddingProbe {
    private static let timeout = Span.seconds(10)
    private static let bytes = 8 << 20
    /// What is embedded to learn the dimension.
    private static let sample = "GenSim"

    private let url: String
    private let access: ServerAccess
    private let loop: HTTPLoop
    private let wantedModel: String?
    private let done: (Result<EmbeddingProfile, EmbeddingFailure>) -> Void
    private var replies: [String: Result<HTTPResponse, HTTPFailure>] = [:]

    /// A probe that tells `done` once.
    init(
        url: String, access: ServerAccess, wantedModel: String?, loop: HTTPLoop,
        done: @escaping (Result<EmbeddingProfile, EmbeddingFailure>) -> Void
    ) {
        self.url = url
        self.access = access
        self.wantedModel = wantedModel
        self.loop = loop
        self.done = done
    }

    /// Asks; keeps itself alive until it is done.
    func start() {
        for path in EmbeddingProbeReading.paths {
            let request = HTTPRequest(
                .get, url + path, headers: access.headers, totalTimeout: Self.timeout, maxResponseBytes: Self.bytes)
            loop.start(request) { [self] result in
                replies[path] = result
                if replies.count == EmbeddingProbeReading.paths.count { identify() }
            }
        }
    }

    private func identify() {
        do throws(EmbeddingFailure) {
            let identity = try EmbeddingProbeReading(wantedModel: wantedModel).identity(replies)
            measure(identity, base64: identity.engine == .openai)
        } catch {
            done(.failure(error))
        }
    }

    /// Embeds the sample. A server that refuses base64 is asked again for decimal numbers.
    private func measure(_ identity: EmbeddingIdentity, base64: Bool) {
        let request = HTTPRequest(
            .post, url + identity.engine.path, headers: access.headers,
            body: EmbeddingRequestWriter.body([Self.sample], identity: identity, base64: base64),
            totalTimeout: Self.timeout, maxResponseBytes: Self.bytes)
        loop.start(request) { [self] result in
            switch EmbeddingReplyReading.read(result, count: 1, dimension: nil) {
            case .vectors(let vectors):
                done(
                    .success(
                        EmbeddingProfile(
                            identity: identity, dimension: vectors[0].count, sendsBase64: base64, sample: vectors[0])))
            case .refused where base64: measure(identity, base64: false)
            case .refused(let words):
                done(.failure(.misconfigured(words, advice: "check --embedding and --embedding-model")))
            case .again(_, _, let reason): done(.failure(.unavailable("it makes no vector: \(reason)")))
            case .failed(let failure): done(.failure(failure))
            }
        }
    }
}
