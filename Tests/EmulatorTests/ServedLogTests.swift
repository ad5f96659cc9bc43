import Foundation
import Hashing
import JSON
import Support
import TestKit
import Testing

@testable import EmulatorRole

private let chat = "/v1/chat/completions"

@Suite(.timeLimit(.minutes(1))) struct ServedLogTests {
    private func lines(_ path: String) throws -> [JSONValue] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONValue(parsing: Array($0.utf8))
        }
    }

    /// An emulator that writes to `path`, for as long as `body` takes.
    private func withServed(
        _ path: String, _ change: (inout EmulatorOptions) -> Void = { _ in },
        _ body: (EmulatorServer) async throws -> Void
    ) async throws {
        var options = EmulatorOptions()
        change(&options)
        let server = try await EmulatorServer.start(options, log: try ServedLog(path: path))
        do { try await body(server) } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    @Test func everyServedRequestIsALineWithItsCallAndItsContent() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/served"
        let before = ServedLog.now()
        try await withServed(path) { server async throws in
            for (call, text) in [("a.1", "x"), ("a.1", "x"), ("a.1", "y")] {
                _ = try await once(
                    server, "POST", chat, headers: [("x-gensim-call", call)], body: chatBody(text))
            }
            _ = try await once(server, "POST", chat, body: chatBody("x"))
            // What no model works for is no line.
            _ = try await once(server, "POST", "/v1/embeddings", body: Array(#"{"input":"x"}"#.utf8))
            _ = try await once(server, "POST", chat, body: Array("{}".utf8))
        }
        let served = try lines(path)
        #expect(served.map { $0["call"]?.stringValue } == ["a.1", "a.1", "a.1", nil])
        #expect(served.allSatisfy { $0["delivered"] == true })
        let requests = served.compactMap { $0["request"]?.stringValue }
        #expect(requests[0] == requests[1] && requests[0] == requests[3] && requests[0] != requests[2])
        for line in served {
            let (arrived, ended) = (
                line["arrived"]?.intValue.map(Int64.init) ?? 0, line["ended"]?.intValue.map(Int64.init) ?? 0
            )
            #expect(before <= arrived && arrived <= ended && ended <= ServedLog.now())
        }
    }

    @Test func aClientThatLeftIsTold() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/served"
        try await withServed(path, { $0.latency = .seconds(30) }) { server async throws in
            let client = try await RawClient(port: server.port)
            try await client.send("POST", chat, headers: [("x-gensim-call", "a.1")], body: chatBody("x"))
            try await until(server, "running", equals: 1)
            await client.close()
            try await until(server, "running", equals: 0)
        }
        let served = try lines(path)
        #expect(served.map { $0["delivered"]?.boolValue } == [false])
    }

    @Test func linesAreInTheFileWhileTheEmulatorRuns() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/served"
        try await withServed(path) { server async throws in
            _ = try await once(server, "POST", chat, body: chatBody("x"))
            while try lines(path).isEmpty { await Task.yield() }
        }
    }

    @Test func aFullDiskHoldsBackABoundedAmount() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        let log = ServedLog(descriptor: descriptor, path: "/dev/full", limit: 1_000)
        for _ in 0..<100 {
            log.append(
                ServedLog.Entry(
                    arrived: 1, ended: 2, call: String(repeating: "x", count: 10_000),
                    request: HashBuilder.hash128(.request) { $0.append(UInt64(1)) },
                    delivered: true))
        }
        #expect(log.dropped >= 95)
        #expect(log.dropped < 100)
    }

    @Test func aFileThatCannotBeMadeIsAClearError() {
        #expect(throws: UserError.self) { try ServedLog(path: "/nowhere/served") }
    }
}
