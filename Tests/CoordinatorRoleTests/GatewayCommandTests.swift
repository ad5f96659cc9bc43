import ArgumentParser
import ServiceRuntime
import Support
import TestKit
import Testing
import Transport
import Wire

@testable import CoordinatorRole

@Suite(.timeLimit(.minutes(1))) struct GatewayCommandTests {
    /// The message of the error that the arguments cause; nil when they are in order.
    private func complaint(_ arguments: [String]) -> String? {
        do {
            _ = try CoordinatorCommand.parseAsRoot(arguments)
            return nil
        } catch {
            return CoordinatorCommand.message(for: error)
        }
    }

    @Test(arguments: [
        ["servers", "list", "runs/a"], ["servers", "list", "--gateway", "ipc:///run/llm.sock"],
        ["servers", "add", "http://gpu:8000", "runs/a"],
        ["servers", "drain", "http://gpu:8000", "--gateway", "tcp://127.0.0.1:7001"],
        ["servers", "remove", "https://gpu", "runs/a"], ["adapters", "load", "taste@3", "/a/taste-3", "runs/a"],
        ["adapters", "load", "taste@3", "/a", "--server", "http://gpu:8000", "--gateway", "ipc:///g"],
        ["adapters", "unload", "taste@3", "runs/a"],
    ])
    func aCommandThatNamesARunOrAGatewayIsInOrder(arguments: [String]) { #expect(complaint(arguments) == nil) }

    @Test(arguments: [
        (["servers", "list"], "--gateway ENDPOINT"),
        (["servers", "list", "runs/a", "--gateway", "ipc:///g"], "--gateway"),
        (["servers", "list", "--gateway", "http://h:1"], "no endpoint"),
        (["servers", "add", "gpu:8000", "runs/a"], "gpu:8000"),
        (["servers", "add"], "url"), (["adapters", "load", "taste@3"], "path"),
    ])
    func aCommandThatLacksWhatItNeedsSaysSo(arguments: [String], told: String) {
        #expect(complaint(arguments)?.contains(told) == true, "\(complaint(arguments) ?? "")")
    }

    @Test func aRunThatNobodyPlaysHasNoGateway() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write([], to: "\(folder.path)/\(RunFolder.recordingName)")
        let access = try GatewayAccess.parse([folder.path])
        #expect { try access.endpoint() } throws: { "\($0)".contains("nobody plays this run") }
    }

    @Test func theTableShowsEachServerAndNothingThatATerminalObeys() {
        let servers = [
            ListedServer(
                url: "http://10.0.0.3:8000", host: "llm:8000", state: "in use", engine: "vllm 0.33.0",
                models: [ListedModel(name: "m"), ListedModel(name: "taste@3", parent: "m")], window: 64, inFlight: 5,
                counts: [NamedCount(name: "answered", count: 7), NamedCount(name: "lost", count: 2)]),
            ListedServer(
                url: "http://b", host: "", state: "out of use: \u{1B}[31mred\n", engine: "", models: [], window: 0,
                inFlight: 0, counts: []),
        ]
        let lines = ServerTable.text(servers).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("http://10.0.0.3:8000 (llm:8000)"))
        #expect(lines[1].contains("5/64"))
        #expect(lines[1].contains("m, taste@3 (on m)"))
        #expect(lines[2].contains("out of use: [31mred"))
        #expect(!lines[2].contains("\u{1B}"))
        #expect(ServerTable.text([]) == "no servers\n")
    }

    @Test func runsOfOneNameHaveScopesOfTheirOwn() {
        let first = RunCalls.scope(of: "market", incarnation: 1)
        #expect(first.hasPrefix("market#"))
        #expect(first != RunCalls.scope(of: "market", incarnation: 2))
    }

    @Test func theCallsOfAnEndedRunAreGivenUpBeforeTheSessionGoesOn() async throws {
        let folder = try TemporaryFolder()
        let node = try TransportNode()
        let cancelled = Guarded<[CancelCalls]>([])
        var server = WireServer()
        server.on(CancelCalls.self) { message, _ in cancelled.withLock { $0.append(message) } }
        server.on(ListServers.self) { _, responder in responder.reply(ServersListed(servers: [])) }
        let gateway = try node.listen(
            "ipc://\(folder.path)/g.sock", options: ListenerOptions(incarnation: 1), handler: server)
        let client = WireClient(
            try node.connect(
                gateway.endpoint, introduction: PeerIntroduction(role: "coordinator", name: "c", incarnation: 1)))
        await RunCalls(scope: "market#1", gateway: client).giveUp()
        #expect(cancelled.withLock { $0.map(\.run) } == ["market#1"])
        // A second signal ends the process right after this.
        let emergency = Emergency()
        emergency.take(RunCalls(scope: "market#2", gateway: client))
        emergency.act()
        #expect(cancelled.withLock { $0.map(\.run) } == ["market#1", "market#2"])
        #expect(cancelled.withLock { $0.allSatisfy(\.calls.isEmpty) })
        node.close()
    }
}
