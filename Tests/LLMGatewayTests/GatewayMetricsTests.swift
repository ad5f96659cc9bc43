import Curl
import GatewayLogic
import Logging
import Model
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import LLMGatewayRole
@testable import MetricsServer

/// A gateway in this process whose server works once the test says so.
@Suite(.timeLimit(.minutes(1))) struct GatewayMetricsTests {
    private static let key = "sk-very-secret"
    private static let prompt = "who are you, Ada Lovelace?"
    private static let answer = "an answer of the model"

    @Test func aGatewayIsReadyOnceAServerWorksAndTellsNoSecret() async throws {
        let isUp = Guarded(false)
        let model = ScriptedServer { request in
            guard isUp.withLock({ $0 }) else { return .json("{}", status: 500) }
            return switch request.path {
            case "/v1/models": .json(#"{"data":[{"id":"m","max_model_len":4096}]}"#)
            case "/version": .json(#"{"version":"0.33.0"}"#)
            case "/v1/chat/completions":
                .json(
                    #"{"model":"m","choices":[{"message":{"content":"\#(Self.answer)"}}],"#
                        + #""usage":{"prompt_tokens":5,"completion_tokens":1}}"#)
            default: .json("{}", status: 404)
            }
        }
        var limits = GatewayLimits()
        limits.fleet.firstProbePause = .milliseconds(2)
        limits.fleet.longestProbePause = .milliseconds(20)
        let node = try TransportNode(name: "test")
        defer { node.close() }
        let names = ServerAccess.Names(
            urlOption: "--llm", keyOption: "--llm-key-file", keyVariable: "GENSIM_LLM_KEY")
        let gateway = try LLMGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: [model.url], key: Self.key, names: names), models: [], policy: .leastWork,
            limits: limits, clock: SystemClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        defer { gateway.close() }
        let server = try await MetricsServer.start(
            at: .standard, source: GatewayMetrics(policy: .leastWork).source(gateway), version: "1", limit: .seconds(60)
        )
        let client = LoopbackHTTP(port: server.address.port)

        let early = try await client.get("/readyz")
        #expect(early.status == 503)
        #expect(early.body.hasPrefix("no model server works"))
        #expect(try await client.get("/livez").status == 200)
        isUp.withLock { $0 = true }
        while try await client.get("/readyz").status != 200 {}

        let host = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
        let spec = CompletionSpec(
            kind: .text, model: "", messages: [PromptMessage(role: .user, segments: [Self.prompt])], constraint: .free,
            sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 8))
        let call = CallID(turn: .root(round: 1, kind: .act, agent: "ada"), number: 1)
        let request = Complete(run: "secret-run", call: call, seeds: [1], spec: spec)
        for _ in 0..<2 { _ = try await host.request(kind: Complete.kind.rawValue, body: request.packed()) }

        let body = try await client.get("/metrics").body
        let text = try ExpositionText(body)
        #expect(text.value("gensim_llm_requests_total") == 2)
        #expect(text.value("gensim_llm_saved_requests_total", ["kind": "remembered"]) == 1)
        #expect(text.value("gensim_llm_calls_total", ["kind": "answered"]) == 1)
        #expect(text.value("gensim_llm_call_duration_seconds_count", ["kind": "answered"]) == 1)
        #expect(text.value("gensim_llm_attempt_duration_seconds_count") == 1)
        #expect(text.isWhole(histogram: "gensim_llm_call_duration_seconds"))
        #expect(text.value("gensim_llm_policy", ["policy": "least-work"]) == 1)
        #expect(text.value("gensim_llm_server_state", ["server": model.url, "state": "working"]) == 1)
        #expect(text.value("gensim_llm_server_attempts_total", ["server": model.url]) == 1)
        #expect(try #require(text.value("gensim_llm_memo_bytes")) > 0)
        for secret in [Self.key, Self.prompt, Self.answer, "ada", "secret-run"] {
            #expect(!body.lowercased().contains(secret.lowercased()))
        }
        await server.stop()
    }
}
