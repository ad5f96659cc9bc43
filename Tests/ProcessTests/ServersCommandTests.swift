import Foundation
import Glibc
import ServiceRuntime
import Support
import TestKit
import Testing

/// The llm-gateway's servers as a person changes them, by file, signal and command.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ServersCommandTests {
    private static func vllm() -> ScriptedServer {
        ScriptedServer { request in
            switch request.path {
            case "/v1/models": .json(#"{"data":[{"id":"m"}]}"#)
            case "/version": .json(#"{"version":"0.33.0"}"#)
            default: .json(#"{"detail":"Not Found"}"#, status: 404)
            }
        }
    }

    @Test func serversChangeByFileSignalAndCommandWhileTheGatewayRuns() async throws {
        let coordinator = try Coordinator()
        let (first, second, third) = (Self.vllm(), Self.vllm(), Self.vllm())
        let (file, ready) = (coordinator.path("servers"), coordinator.path("ready"))
        func list(_ servers: [ScriptedServer]) throws {
            let text = "servers:\n" + servers.map { "  - \($0.url)\n" }.joined()
            try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        }
        try list([first])
        let log = coordinator.path("gateway.log")
        let descriptor = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let gateway = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "llm-gateway", executable: "\(try ProgramPath.ownFolder(environment: [:]))/llm-gateway",
                arguments: [
                    "--listen", "ipc://\(coordinator.path("g.sock"))", "--servers", file, "--ready-file", ready,
                ], environment: ["PATH=/usr/bin:/bin"], standardOutput: descriptor, standardError: descriptor))
        try await eventually("the gateway listens") { FileManager.default.fileExists(atPath: ready) }
        let access = ["--gateway", "ipc://\(coordinator.path("g.sock"))"]
        func listed() async throws -> String {
            let ending = try await coordinator.call(["servers", "list"] + access)
            #expect(ending.status == .exited(0), "\(ending.errors)")
            return ending.output
        }
        try await eventually("the first server is in use") { try await listed().contains("\(first.url)  in use") }

        try list([first, second])
        gateway.signal(SIGHUP)
        try await eventually("the second server is in use") { try await listed().contains("\(second.url)  in use") }
        #expect(gateway.status == nil)

        try list([])
        gateway.signal(SIGHUP)
        try await eventually("a file without servers is told") {
            try String(contentsOfFile: log, encoding: .utf8).contains("lists no server")
        }
        #expect(try await listed().contains(first.url))

        let added = try await coordinator.call(["servers", "add", third.url] + access)
        #expect(added.output.contains(third.url))
        let drained = try await coordinator.call(["servers", "drain", first.url] + access)
        #expect(drained.status == .exited(0))
        #expect(try await !listed().contains(first.url))
        let unknown = try await coordinator.call(["servers", "remove", "http://127.0.0.1:9"] + access)
        #expect(unknown.status == .exited(ProcessExitCode.usage.rawValue))
        #expect(unknown.errors.contains("there is no server http://127.0.0.1:9"))

        let load = try await coordinator.call(["adapters", "load", "taste@3", "/adapters/taste"] + access)
        #expect(load.status == .exited(ProcessExitCode.unavailable.rawValue))
        #expect(load.output.contains("VLLM_ALLOW_RUNTIME_LORA_UPDATING"))
        #expect(load.errors.contains("not loaded on 2 of 2 servers"))

        gateway.signal(SIGTERM)
        #expect(await gateway.exit() == .exited(0))
    }

    @Test func aFileThatIsNoListOfServersKeepsTheGatewayFromStarting() async throws {
        let coordinator = try Coordinator()
        let file = coordinator.path("servers")
        try Data("gpu7\n".utf8).write(to: URL(fileURLWithPath: file))
        let log = coordinator.path("gateway.log")
        let descriptor = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let gateway = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "llm-gateway", executable: "\(try ProgramPath.ownFolder(environment: [:]))/llm-gateway",
                arguments: ["--listen", "ipc://\(coordinator.path("g.sock"))", "--servers", file],
                environment: ["PATH=/usr/bin:/bin"], standardOutput: descriptor, standardError: descriptor))
        #expect(await gateway.exit() == .exited(ProcessExitCode.configuration.rawValue))
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("line 1"))
    }
}
