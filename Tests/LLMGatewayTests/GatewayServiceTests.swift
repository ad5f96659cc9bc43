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

/// A gateway in this process, with a client, in front of a server that does what the test says.
private final class Bench: Sendable {
    let server: ScriptedServer
    private let node: TransportNode
    private let gateway: LLMGateway
    private let client: Connection

    /// `script` gets chat requests alone, numbered from 0; probing sees a vLLM.
    init(
        window: Int = 4, change: (inout GatewayLimits) -> Void = { _ in },
        _ script: @escaping @Sendable (Int, ScriptedServer.Request) -> ScriptedServer.Reply
    ) throws {
        let chats = Guarded(0)
        server = ScriptedServer { request in
            switch request.path {
            case "/v1/models": return .json(#"{"data":[{"id":"m","max_model_len":4096}]}"#)
            case "/version": return .json(#"{"version":"0.33.0"}"#)
            case "/v1/chat/completions":
                let number = chats.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return script(number, request)
            default: return .json("{}", status: 404)
            }
        }
        var limits = GatewayLimits()
        limits.retry = RetryPolicy(
            first: .milliseconds(2), longest: .milliseconds(20), longestAsked: .milliseconds(20))
        limits.fleet.fixedWindow = window
        limits.fleet.firstProbePause = .milliseconds(2)
        limits.fleet.longestProbePause = .milliseconds(20)
        limits.fleet.trialPause = .milliseconds(20)
        limits.fleet.shortPause = .milliseconds(20)
        limits.fleet.longestPause = .milliseconds(20)
        limits.requestTimeout = .milliseconds(200)
        limits.deadline = .seconds(20)
        change(&limits)
        node = try TransportNode(name: "test")
        gateway = try LLMGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: [server.url + "/v1/"], key: "secret", names: .test), models: [],
            policy: .prefix, limits: limits, clock: SystemClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        client = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
    }

    deinit {
        gateway.close()
        node.close()
    }

    func complete(_ number: UInt32, constraint: AnswerConstraint = .free) async throws -> CompletionOutcome {
        let spec = CompletionSpec(
            kind: .text, model: "", messages: [PromptMessage(role: .user, segments: ["question \(number)"])],
            constraint: constraint, sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 8))
        let call = CallID(turn: .root(round: 1, kind: .act, agent: "a"), number: number)
        return try await ask(Complete(run: "r", call: call, seeds: [1, 2, 3], spec: spec), Completed.self).outcome
    }

    /// Throws `Problem` when the gateway says so.
    func ask<Request: WireMessage, Reply: WireMessage>(_ request: Request, _: Reply.Type) async throws -> Reply {
        try await raw(Request.kind.rawValue, request.packed(), Reply.self)
    }

    func raw<Reply: WireMessage>(_ kind: UInt16, _ body: [UInt8], _: Reply.Type) async throws -> Reply {
        let reply = try await client.request(kind: kind, body: body)
        if reply.kind == WireKind.failed.rawValue { throw try RequestFailed(body: reply.body).problem }
        return try Reply(body: reply.body)
    }

    func release(_ number: UInt32) {
        let call = CallID(turn: .root(round: 1, kind: .act, agent: "a"), number: number)
        client.post([
            Envelope(kind: WireKind.releaseOutcomes.rawValue, body: ReleaseOutcomes(run: "r", calls: [call]).packed())
        ])
    }

    var chats: [ScriptedServer.Request] { server.seen.requests.filter(\.isChat) }
}

extension ScriptedServer.Request {
    fileprivate var isChat: Bool { path == "/v1/chat/completions" }
}

extension ServerAccess.Names {
    static let test = ServerAccess.Names(
        urlOption: "--llm", keyOption: "--llm-key-file", keyVariable: "GENSIM_LLM_KEY")
}

private func answer(_ text: String) -> ScriptedServer.Reply {
    .json(
        #"{"model":"m","choices":[{"message":{"content":"\#(text)"}}],"#
            + #""usage":{"prompt_tokens":5,"completion_tokens":1}}"#
    )
}

@Suite struct GatewayServiceTests {
    @Test func aCallTravelsToTheServerAndItsAnswerBack() async throws {
        let bench = try Bench { _, _ in answer("hello") }
        let outcome = try await bench.complete(1)
        #expect(outcome.answer == "hello")
        #expect(outcome.promptTokens == 5)
        let sent = try #require(bench.chats.first)
        #expect(sent.headers["authorization"] == "Bearer secret")
        #expect(
            sent.headers["x-gensim-call"]
                == CallID(turn: .root(round: 1, kind: .act, agent: "a"), number: 1).description)
        #expect(sent.headers["content-type"] == "application/json")
    }

    @Test(
        arguments: [
            .json("{}", status: 429, headers: [("Retry-After", "1")]), .json("{}", status: 500),
            .json("{}", status: 503),
            .reset, .close, .half(body: Array(#"{"choices":[{"message":{"content":"x"}}]}"#.utf8)),
            .raw(Array("not HTTP".utf8)), .json("<html>"), .json(#"{"choices":[]}"#), .hang,
        ] as [ScriptedServer.Reply])
    func aFaultOfTheServerIsSurvivedWithTheSameAttempt(fault: ScriptedServer.Reply) async throws {
        let bench = try Bench { number, _ in number < 2 ? fault : answer("yes") }
        let outcome = try await bench.complete(1, constraint: .choice(["no", "yes"]))
        #expect(outcome.answer == "yes")
        #expect(outcome.rejected == [])
        #expect(bench.chats.allSatisfy { $0.text.contains(#""seed":1,"#) })
        #expect(bench.chats.count >= 3)
    }

    @Test(arguments: [(answer("maybe"), "maybe"), (.json(#"{"choices":[{"message":{"content":null}}]}"#), "")])
    func aWrongAnswerIsAskedAgainWithAnotherSeed(wrong: ScriptedServer.Reply, said: String) async throws {
        let bench = try Bench { number, _ in number == 0 ? wrong : answer("yes") }
        let outcome = try await bench.complete(1, constraint: .choice(["no", "yes"]))
        #expect(outcome.answer == "yes")
        #expect(outcome.rejected.map(\.answer) == [said])
        #expect(bench.chats.map { $0.text.contains(#""seed":1,"#) } == [true, false])
    }

    @Test func anAnswerLargerThanTheLimitIsRefusedAndNotAskedForAgain() async throws {
        let bench = try Bench(change: { $0.replyBytes = 1_000 }) { _, _ in answer(String(repeating: "x", count: 2_000))
        }
        let outcome = try await bench.complete(1)
        #expect(outcome.answer == nil)
        #expect(outcome.rejection == "the reply is larger than the gateway reads")
        #expect(bench.chats.count == 1)
    }

    @Test func moreCallsThanTheWindowNeverExceedItAtTheServer() async throws {
        let bench = try Bench(window: 3, change: { $0.requestTimeout = .seconds(60) }) { _, _ in .hang }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<9 as Range<UInt32> {
                group.addTask {
                    let outcome = try await bench.complete(number)
                    #expect(outcome.answer == "late")
                }
            }
            for wave in 1...3 {
                await bench.server.until {
                    $0.hanging == 3 && $0.requests.filter(\.isChat).count == 3 * wave
                }
                bench.server.release(answer("late"))
            }
            try await group.waitForAll()
        }
        #expect(bench.chats.count == 9)
    }

    @Test func anAnswerIsGivenAgainWithoutTheServerUntilItIsReleased() async throws {
        let bench = try Bench(change: {
            $0.sharedBytes = 0
            $0.orphanGrace = .milliseconds(1)
        }) { number, _ in answer("\(number)") }
        let first = try await bench.complete(1)
        let second = try await bench.complete(1)
        #expect(first == second)
        bench.release(1)
        var third = first
        while third == first { third = try await bench.complete(1) }
        #expect(third.answer == "1")
    }

    @Test func theServersAreDescribed() async throws {
        let bench = try Bench { _, _ in .hang }
        let described = try await bench.ask(DescribeModels(), ModelsDescribed.self)
        #expect(
            described.backends == [
                BackendDescription(
                    url: bench.server.url, engine: "vllm", version: "0.33.0", model: "m", contextTokens: 4096,
                    window: 4,
                    yardstick: 0)
            ])
    }

    @Test func rubbishIsRefusedWithAReasonAndTheGatewayGoesOn() async throws {
        let bench = try Bench { _, _ in answer("fine") }
        let complete = WireKind.complete.rawValue
        let rubbish: [(UInt16, [UInt8], Refusal.Code)] = [
            (complete, [0xC0], .malformed), (complete, [0x95, 0x63, 0xC0, 0xC0, 0xC0, 0xC0], .malformed),
            (WireKind.embed.rawValue, [0xC0], .unknownKind), (999, [0x01], .unknownKind),
        ]
        for (kind, body, code) in rubbish {
            await #expect {
                try await bench.raw(kind, body, Completed.self)
            } throws: { error in
                guard case .refused(let refusal) = error as? TransportError else { return false }
                return refusal.code == code
            }
        }
        #expect(try await bench.complete(1).answer == "fine")
    }

    @Test func aServerThatIsNotThereIsDescribedAsUnavailable() async throws {
        let url: String
        do { url = ScriptedServer { _ in .close }.url }
        let node = try TransportNode(name: "test")
        defer { node.close() }
        let gateway = try LLMGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: [url], key: nil, names: .test), models: [], policy: .prefix,
            limits: GatewayLimits(), clock: SystemClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        defer { gateway.close() }
        let client = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
        let reply = try await client.request(kind: DescribeModels.kind.rawValue, body: DescribeModels().packed())
        let problem = try RequestFailed(body: reply.body).problem
        #expect(
            problem
                == Problem(
                    .unavailable, "\(url): nothing answers there", advice: "start the model server, or check --llm"))
    }
}
