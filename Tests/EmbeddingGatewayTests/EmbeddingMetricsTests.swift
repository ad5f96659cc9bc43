import Curl
import Logging
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import EmbeddingGatewayRole
@testable import MetricsServer

/// A gateway in this process whose server works once the test says so.
@Suite(.timeLimit(.minutes(1))) struct EmbeddingMetricsTests {
    private static let key = "sk-very-secret"
    private static let text = "what nobody should read"

    @Test func aGatewayIsReadyOnceAServerWorksAndTellsNoSecret() async throws {
        let isUp = Guarded(false)
        let model = ScriptedServer { request in
            guard isUp.withLock({ $0 }) else { return .json("{}", status: 500) }
            return switch request.path {
            case "/v1/models": .json(#"{"data":[{"id":"e"}]}"#)
            case "/v1/embeddings": .json(#"{"data":[{"index":0,"embedding":[3,4]}]}"#)
            default: .json("{}", status: 404)
            }
        }
        var limits = EmbeddingLimits()
        limits.probe = RetryPolicy(
            first: .milliseconds(2), longest: .milliseconds(20), longestAsked: .milliseconds(20))
        let node = try TransportNode(name: "test")
        defer { node.close() }
        let names = ServerAccess.Names(
            urlOption: "--embedding", keyOption: "--embedding-key-file", keyVariable: "GENSIM_EMBEDDING_KEY")
        let gateway = try EmbeddingGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: [model.url], key: Self.key, names: names), model: nil, limits: limits,
            cache: nil, clock: SystemClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        defer { gateway.close() }
        let server = try await MetricsServer.start(
            at: .standard, source: EmbeddingMetrics.source(gateway), version: "1", limit: .seconds(60))
        let client = LoopbackHTTP(port: server.address.port)

        let early = try await client.get("/readyz")
        #expect(early.status == 503)
        #expect(early.body.hasPrefix("no embedding server works"))
        #expect(try await client.get("/livez").status == 200)
        isUp.withLock { $0 = true }
        while try await client.get("/readyz").status != 200 {}

        let host = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
        for _ in 0..<2 {
            _ = try await host.request(kind: Embed.kind.rawValue, body: Embed(texts: [Self.text]).packed())
        }
        let body = try await client.get("/metrics").body
        let text = try ExpositionText(body)
        #expect(text.value("gensim_embedding_texts_total") == 2)
        #expect(text.value("gensim_embedding_saved_texts_total", ["kind": "remembered"]) == 1)
        #expect(text.value("gensim_embedding_sent_texts_total") == 1)
        #expect(text.value("gensim_embedding_cached_vectors") == 1)
        #expect(text.value("gensim_embedding_server_state", ["server": model.url, "state": "working"]) == 1)
        for secret in [Self.key, Self.text] { #expect(!body.contains(secret)) }
        await server.stop()
    }
}
