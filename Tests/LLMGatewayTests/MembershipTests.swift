import Curl
import Foundation
import GatewayLogic
import Logging
import Model
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import LLMGatewayRole

/// A gateway in this process whose servers change, with a client.
private final class MembershipBench: Sendable {
    private let node: TransportNode
    private let gateway: LLMGateway
    private let client: Connection

    init(_ urls: [String], _ change: (inout ServerSources) -> Void = { _ in }) throws {
        var limits = GatewayLimits()
        limits.fleet.fixedWindow = 4
        limits.fleet.firstProbePause = .milliseconds(2)
        limits.fleet.longestProbePause = .milliseconds(20)
        limits.retry = RetryPolicy(first: .milliseconds(2), longest: .milliseconds(20), longestAsked: .milliseconds(20))
        limits.deadline = .seconds(20)
        var sources = ServerSources()
        sources.fileInterval = .milliseconds(2)
        sources.resolveInterval = .milliseconds(2)
        change(&sources)
        node = try TransportNode(name: "test")
        gateway = try LLMGateway(
            node: node, endpoint: "tcp://127.0.0.1:*", incarnation: 1,
            access: try ServerAccess(urls: urls, key: "secret", names: LLMGatewayOptions.names), sources: sources,
            models: [], policy: .leastWork, limits: limits, clock: SystemClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        client = try node.connect(
            gateway.endpoint, introduction: PeerIntroduction(role: "test", name: "client", incarnation: 1))
    }

    deinit {
        gateway.close()
        node.close()
    }

    /// Throws `Problem` when the gateway says so.
    func ask<Request: WireMessage, Reply: WireMessage>(_ request: Request, _: Reply.Type) async throws -> Reply {
        let reply = try await client.request(kind: Request.kind.rawValue, body: request.packed())
        if reply.kind == WireKind.failed.rawValue { throw try RequestFailed(body: reply.body).problem }
        return try Reply(body: reply.body)
    }

    func complete(_ number: UInt32, model: String = "") async throws -> CompletionOutcome {
        let spec = CompletionSpec(
            kind: .text, model: model, messages: [PromptMessage(role: .user, segments: ["question \(number)"])],
            constraint: .free, sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 8))
        let call = CallID(turn: .root(round: 1, kind: .act, agent: "a"), number: number)
        return try await ask(Complete(run: "r", call: call, seeds: [1], spec: spec), Completed.self).outcome
    }

    func list() async throws -> [ListedServer] { try await ask(ListServers(), ServersListed.self).servers }

    @discardableResult
    func change(_ command: ServerCommand, _ url: String) async throws -> [ListedServer] {
        try await ask(ChangeServers(command: command, url: url), ServersListed.self).servers
    }

    func post<Message: WireMessage>(_ message: Message) {
        client.post([Envelope(kind: Message.kind.rawValue, body: message.packed())])
    }

    func reload() { gateway.reload() }

    /// Asks for the list until it is as wanted; each question is one round trip.
    func until(_ condition: ([ListedServer]) -> Bool) async throws {
        while !condition(try await list()) { await Task.yield() }
    }
}

/// A vLLM whose models the test changes by loading adapters.
private func vllm(
    _ chat: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply = { _ in .json(Answers.plain) }
) -> ScriptedServer {
    let adapters = Guarded<[String]>([])
    return ScriptedServer { request in
        switch request.path {
        case "/v1/models":
            let loaded = adapters.withLock { $0.map { #",{"id":"\#($0)","parent":"m"}"# }.joined() }
            return .json(#"{"data":[{"id":"m","max_model_len":4096}\#(loaded)]}"#)
        case "/version": return .json(#"{"version":"0.33.0"}"#)
        case "/v1/chat/completions": return chat(request)
        case "/v1/load_lora_adapter":
            guard request.text.contains("/good") else {
                return .json(#"{"message":"no adapter found for that path"}"#, status: 404)
            }
            adapters.withLock { $0 = ["taste@3"] }
            return .json(#""Success""#)
        case "/v1/unload_lora_adapter":
            adapters.withLock { $0 = [] }
            return .json(#""Success""#)
        default: return .json("{}", status: 404)
        }
    }
}

private enum Answers {
    static let plain =
        #"{"model":"m","choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#
}

extension ScriptedServer.Seen {
    fileprivate var chats: Int { requests.filter { $0.path == "/v1/chat/completions" }.count }
}

@Suite(.timeLimit(.minutes(1))) struct MembershipTests {
    // MARK: by command

    @Test func aServerIsAddedAndAnotherDrainedWhileCallsAreUnderWay() async throws {
        let (old, new) = (vllm { _ in .hang }, vllm())
        let bench = try MembershipBench([old.url])
        async let first = bench.complete(1)
        await old.until { $0.hanging == 1 }
        #expect(try await bench.change(.add, new.url + "/v1/").map(\.url) == [old.url, new.url])
        let listed = try await bench.change(.drain, old.url)
        #expect(listed.first?.state.hasPrefix("draining") == true)
        #expect(listed.first?.inFlight == 1)
        _ = try await bench.complete(2)
        #expect(new.seen.chats == 1)
        #expect(old.seen.chats == 1)
        old.release(.json(Answers.plain))
        let outcome = try await first
        #expect(outcome.answer == "x")
        try await bench.until { $0.map(\.url) == [new.url] }
    }

    @Test func whatARemovedServerHoldsIsAskedElsewhere() async throws {
        let (old, new) = (vllm { _ in .hang }, vllm())
        let bench = try MembershipBench([old.url])
        async let first = bench.complete(1)
        await old.until { $0.hanging == 1 }
        try await bench.change(.add, new.url)
        #expect(try await bench.change(.remove, old.url).map(\.url) == [new.url])
        let outcome = try await first
        #expect(outcome.answer == "x")
        #expect(new.seen.chats == 1)
    }

    @Test func aServerOnItsWayOutMayBeRemovedAtOnce() async throws {
        let (old, new) = (vllm { _ in .hang }, vllm())
        let bench = try MembershipBench([old.url, new.url])
        try await bench.until { $0.allSatisfy { $0.state == "in use" } }
        async let both = (bench.complete(1), bench.complete(2))
        await old.until { $0.hanging == 1 }
        try await bench.change(.drain, old.url)
        #expect(try await bench.change(.remove, old.url).map(\.url) == [new.url])
        let outcomes = try await both
        #expect([outcomes.0.answer, outcomes.1.answer] == ["x", "x"])
    }

    @Test(arguments: [
        ("nonsense", Problem.Code.invalid), ("http://user:secret@h", .invalid), ("http://h:1", .notFound),
    ])
    func aCommandThatMakesNoSenseIsRefused(url: String, code: Problem.Code) async throws {
        let bench = try MembershipBench([vllm().url])
        await #expect {
            try await bench.change(.drain, url)
        } throws: {
            ($0 as? Problem)?.code == code && !"\($0)".contains("secret")
        }
    }

    @Test func theListTellsWhatServersAreAndWhatTheyDid() async throws {
        let server = vllm()
        let bench = try MembershipBench([server.url])
        _ = try await bench.complete(1)
        let listed = try #require(try await bench.list().first)
        #expect(listed.state == "in use")
        #expect(listed.engine == "vllm 0.33.0")
        #expect(listed.models == [ListedModel(name: "m")])
        #expect(listed.window == 4)
        #expect(listed.counts.contains(NamedCount(name: "answered", count: 1)))
    }

    // MARK: by file

    @Test func theFileIsReadAgainWhenItChangesAndNothingHappensWhenItIsBroken() async throws {
        let (old, new) = (vllm(), vllm())
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/servers"
        try Data("- \(old.url)\n".utf8).write(to: URL(fileURLWithPath: file))
        let bench = try MembershipBench([]) {
            $0.file = file
            $0.listed = [old.url]
            $0.stamp = FileStamp.of(file)
        }
        _ = try await bench.complete(1)
        #expect(old.seen.chats == 1)
        try Data("no server\n".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        bench.reload()
        #expect(try await bench.list().map(\.url) == [old.url])
        try Data("- \(new.url)\n".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        try await bench.until { $0.map(\.url) == [new.url] }
        _ = try await bench.complete(2)
        #expect(new.seen.chats == 1)
    }

    // MARK: by name

    @Test func aNameStandsForItsServersWhichHearTheNameAndComeAndGo() async throws {
        let (first, second) = (vllm(), vllm())
        let port = first.url.split(separator: ":").last.map(String.init) ?? ""
        let known = Guarded<[String]>([])
        let bench = try MembershipBench(["http://llm.test:\(port)"]) { sources in
            sources.lookUp = { name in name == "llm.test" ? known.withLock { $0 } : nil }
        }
        async let models = bench.ask(DescribeModels(), ModelsDescribed.self)
        known.withLock { $0 = ["127.0.0.1"] }
        try await bench.until { $0.map(\.url) == [first.url] && $0.first?.state == "in use" }
        _ = try? await models
        _ = try await bench.complete(1)
        let sent = try #require(first.seen.requests.last { $0.path == "/v1/chat/completions" })
        #expect(sent.headers["host"] == "llm.test:\(port)")
        #expect(try await bench.list().first?.host == "llm.test:\(port)")
        try await bench.change(.add, second.url)
        known.withLock { $0 = ["127.0.0.2"] }
        try await bench.until { Set($0.map(\.url)) == [second.url, "http://127.0.0.2:\(port)"] }
    }

    @Test func whoAsksForTheModelsWaitsUntilNamesAreKnown() async throws {
        let server = vllm()
        let port = server.url.split(separator: ":").last.map(String.init) ?? ""
        let gate = Guarded(false)
        let bench = try MembershipBench(["http://llm.test:\(port)"]) { sources in
            sources.lookUp = { _ in
                while !gate.withLock({ $0 }) { sched_yield() }
                return ["127.0.0.1"]
            }
        }
        async let models = bench.ask(DescribeModels(), ModelsDescribed.self)
        #expect(try await bench.list().isEmpty)
        gate.withLock { $0 = true }
        let described = try await models
        #expect(described.backends.map(\.url) == [server.url])
    }

    // MARK: adapters

    @Test func anAdapterIsLoadedWhereItCanBeAndCallsForItGoThere() async throws {
        let (able, plain) = (
            vllm(),
            ScriptedServer { request in
                switch request.path {
                case "/v1/models": .json(#"{"data":[{"id":"m"}]}"#)
                case "/version": .json(#"{"version":"0.33.0"}"#)
                case "/v1/chat/completions": .json(Answers.plain)
                default: .json(#"{"detail":"Not Found"}"#, status: 404)
                }
            }
        )
        let bench = try MembershipBench([able.url, plain.url])
        try await bench.until { $0.allSatisfy { $0.state == "in use" } }
        let wish = ManageAdapter(command: .load, name: "taste@3", path: "/good")
        let results = try await bench.ask(wish, AdapterManaged.self).results
        #expect(Set(results.map(\.url)) == [able.url, plain.url])
        #expect(results.first { $0.url == able.url }?.problem == nil)
        let problem = try #require(results.first { $0.url == plain.url }?.problem)
        #expect(problem.advice.contains("VLLM_ALLOW_RUNTIME_LORA_UPDATING"))
        for number in 0..<4 as Range<UInt32> { _ = try await bench.complete(number, model: "taste@3") }
        #expect(able.seen.chats == 4)
        #expect(able.seen.requests.contains { $0.text.contains(#""model":"taste@3""#) })

        let gone = try await bench.ask(ManageAdapter(command: .unload, name: "taste@3"), AdapterManaged.self).results
        #expect(gone.allSatisfy { $0.problem == nil })
        await #expect(throws: Problem.self) { try await bench.complete(9, model: "taste@3") }
    }

    @Test func aServerThatRefusesAnAdapterIsToldWithItsWords() async throws {
        let server = vllm()
        let bench = try MembershipBench([server.url])
        try await bench.until { $0.allSatisfy { $0.state == "in use" } }
        let wish = ManageAdapter(command: .load, name: "taste@3", path: "/bad", servers: [server.url, "http://h:1"])
        let results = try await bench.ask(wish, AdapterManaged.self).results
        #expect(results.count == 2)
        #expect(results.first { $0.url == server.url }?.problem?.what.contains("no adapter found") == true)
        #expect(results.first { $0.url == "http://h:1" }?.problem?.code == .notFound)
    }

    @Test func aServerThatIsAddedLaterLoadsWhatAllHave() async throws {
        let (first, second) = (vllm(), vllm())
        let bench = try MembershipBench([first.url])
        try await bench.until { $0.allSatisfy { $0.state == "in use" } }
        _ = try await bench.ask(
            ManageAdapter(command: .load, name: "taste@3", path: "/good"), AdapterManaged.self)
        try await bench.change(.add, second.url)
        try await bench.until { $0.allSatisfy { $0.models.contains { $0.name == "taste@3" } } }
    }

    // MARK: cancel

    @Test func aStoppedRunIsClosedAtAHangingServerWithin50Milliseconds() async throws {
        let server = vllm { _ in .hang }
        let bench = try MembershipBench([server.url])
        let first = Task { try await bench.complete(1) }
        let second = Task { try await bench.complete(2) }
        await server.until { $0.hanging == 2 }
        let before = server.seen.closedByClient
        let start = SystemClock().now()
        bench.post(CancelCalls(run: "r", calls: []))
        await server.until { $0.closedByClient >= before + 2 }
        let span = server.seen.lastClosed.since(start)
        #expect(span < .milliseconds(50), "\(span)")
        await #expect { try await first.value } throws: { ($0 as? Problem)?.code == .conflict }
        await #expect { try await second.value } throws: { ($0 as? Problem)?.code == .conflict }
    }
}
