import Curl
import Logging
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import EmbeddingGatewayRole

/// A gateway in this process, with a client, in front of a server that does what the test says.
private final class Bench: Sendable {
    private let node: TransportNode
    private let gateway: EmbeddingGateway
    private let client: Connection
    let server: ScriptedServer

    init(_ script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply) throws {
        server = ScriptedServer(script)
        var limits = EmbeddingLimits()
        limits.retry = RetryPolicy(
            first: .milliseconds(2), longest: .milliseconds(20), longestAsked: .milliseconds(20))
        limits.requestTimeout = .milliseconds(200)
        node = try TransportNode(name: "test")
        let names = ServerAccess.Names(
            urlOption: "--embedding", keyOption: "--embedding-key-file", keyVariable: "GENSIM_EMBEDDING_KEY")
        gateway = try EmbeddingGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: [server.url], key: nil, names: names), model: nil, limits: limits,
            clock: SystemClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        client = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
    }

    deinit {
        gateway.close()
        node.close()
    }

    func ask<Request: WireMessage, Reply: WireMessage>(_ request: Request, _: Reply.Type) async throws -> Reply {
        let reply = try await client.request(kind: Request.kind.rawValue, body: request.packed())
        if reply.kind == WireKind.failed.rawValue { throw try RequestFailed(body: reply.body).problem }
        return try Reply(body: reply.body)
    }
}

/// (3, 4) has length 5: as half floats 0.6 and 0.8.
private let unit: [UInt8] = [0xCD, 0x38, 0x66, 0x3A]

@Suite struct EmbeddingServiceTests {
    @Test func openAIsInterfaceIsSpokenInBase64WhereTheServerHonoursIt() async throws {
        let bench = try Bench { request in
            switch request.path {
            case "/v1/models": .json(#"{"data":[{"id":"e"}]}"#)
            case "/v1/embeddings":
                request.text.contains("base64")
                    ? .json(#"{"data":[{"index":0,"embedding":"AABAQAAAgEA="}]}"#) : .json("{}", status: 400)
            default: .json("{}", status: 404)
            }
        }
        let described = try await bench.ask(DescribeEmbedding(), EmbeddingDescribed.self)
        #expect([described.model, described.engine] == ["e", "openai"])
        #expect(described.dimension == 2)
        let embedded = try await bench.ask(Embed(texts: ["x"]), Embedded.self)
        #expect(embedded.vectors == [unit])
    }

    @Test func aServerThatRefusesBase64IsAskedForNumbers() async throws {
        let bench = try Bench { request in
            switch request.path {
            case "/v1/models": .json(#"{"data":[{"id":"e"}]}"#)
            case "/v1/embeddings":
                request.text.contains("base64")
                    ? .json("{}", status: 400) : .json(#"{"data":[{"index":0,"embedding":[3,4]}]}"#)
            default: .json("{}", status: 404)
            }
        }
        let embedded = try await bench.ask(Embed(texts: ["x"]), Embedded.self)
        #expect(embedded.vectors == [unit])
    }

    @Test func textEmbeddingsInferenceIsSpoken() async throws {
        let bench = try Bench { request in
            switch request.path {
            case "/info": .json(#"{"model_id":"e","max_client_batch_size":8}"#)
            case "/embed": .json("[[3,4]]")
            default: .json("{}", status: 404)
            }
        }
        let described = try await bench.ask(DescribeEmbedding(), EmbeddingDescribed.self)
        #expect([described.model, described.engine] == ["e", "tei"])
        #expect(described.dimension == 2)
        let embedded = try await bench.ask(Embed(texts: ["x"]), Embedded.self)
        #expect(embedded.vectors == [unit])
    }

    @Test func theOriginalsServiceIsSpokenOneSentenceAtATime() async throws {
        let bench = try Bench { request in
            switch request.path {
            case "/embedding-dimension": .json(#"{"embedding_dimension":2}"#)
            case "/encode": .json(#"{"embedding":[3,4]}"#)
            default: .json("{}", status: 404)
            }
        }
        let embedded = try await bench.ask(Embed(texts: ["x", "y", "z"]), Embedded.self)
        #expect(embedded.vectors == [unit, unit, unit])
        let sent = bench.server.seen.requests.filter { $0.path == "/encode" }.map(\.text)
        #expect(Set(sent.suffix(3)) == Set(["x", "y", "z"].map { #"{"sentence":"\#($0)"}"# }))
    }

    @Test(
        arguments: [.reset, .hang, .half(body: Array("[[3,4]]".utf8)), .json("no"), .json("", status: 503)]
            as [ScriptedServer.Reply])
    func aFaultOfTheServerIsSurvived(fault: ScriptedServer.Reply) async throws {
        let embeds = Guarded(0)
        let bench = try Bench { request in
            switch request.path {
            case "/info": return .json(#"{"model_id":"e"}"#)
            case "/embed":
                // The first is the probe's.
                let number = embeds.withLock { count in
                    count += 1
                    return count
                }
                return number == 2 ? fault : .json("[[3,4]]")
            default: return .json("{}", status: 404)
            }
        }
        let embedded = try await bench.ask(Embed(texts: ["x"]), Embedded.self)
        #expect(embedded.vectors == [unit])
        #expect(embeds.withLock { $0 } == 3)
    }

    @Test func aMessageForAnotherServiceIsRefused() async throws {
        let bench = try Bench { _ in .json("{}", status: 404) }
        await #expect {
            try await bench.ask(DescribeModels(), ModelsDescribed.self)
        } throws: { error in
            guard case .refused(let refusal) = error as? TransportError else { return false }
            return refusal.code == .unknownKind
        }
    }
}
