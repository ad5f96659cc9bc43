import Metrics
import Support
import TestKit
import Testing

@testable import MetricsServer

/// A process whose main loop answers when the test has it.
private final class Loop: Sendable {
    static let family = MetricFamily("gensim_test_calls_total", .counter, "Calls.")

    private struct State {
        var report: MetricsReport?
        var open: [@Sendable (MetricsReport?) -> Void] = []
        var asked = 0
    }

    private let state = Guarded(State())

    /// Questions so far.
    var asked: Int { state.withLock { $0.asked } }

    var source: MetricsSource {
        MetricsSource(role: "recorder") { [state] reply in
            let report = state.withLock { state -> MetricsReport? in
                state.asked += 1
                if state.report == nil { state.open.append(reply) }
                return state.report
            }
            if let report { reply(report) }
        }
    }

    /// Answers from now on, also what was asked before.
    func answers(missing: String?) {
        var page = MetricsPage([Self.family])
        page.add(Self.family, 7)
        let report = MetricsReport(missing: missing, page: page)
        let open = state.withLock { state in
            state.report = report
            defer { state.open = [] }
            return state.open
        }
        for reply in open { reply(report) }
    }

    /// Answers nothing from now on.
    func hangs() { state.withLock { $0.report = nil } }
}

@Suite(.timeLimit(.minutes(1))) struct MetricsServerTests {
    private let loop = Loop()

    /// Serves while `body` asks.
    private func serve(limit: Span = .seconds(30), _ body: (LoopbackHTTP) async throws -> Void) async throws {
        let server = try await MetricsServer.start(at: .standard, source: loop.source, version: "9.9", limit: limit)
        do { try await body(LoopbackHTTP(port: server.address.port)) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test func aProcessThatWorksIsAliveReadyAndCounted() async throws {
        loop.answers(missing: nil)
        try await serve { client in
            #expect(try await client.get("/livez").status == 200)
            #expect(try await client.get("/readyz?verbose").status == 200)
            let reply = try await client.get("/metrics")
            #expect(reply.status == 200)
            #expect(reply.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
            let text = try ExpositionText(reply.body)
            #expect(text.value("gensim_test_calls_total") == 7)
            #expect(text.value("gensim_build_info", ["version": "9.9", "role": "recorder"]) == 1)
            #expect(text.value("gensim_ready") == 1)
        }
    }

    @Test func whatIsMissingIsSaidInOneLine() async throws {
        loop.answers(missing: "no server works:\nhttp://a is\r\ndown")
        try await serve { client in
            let ready = try await client.get("/readyz")
            #expect(ready.status == 503)
            #expect(ready.body == "no server works: http://a is down\n")
            #expect(try await client.get("/livez").status == 200)
            let text = try ExpositionText(try await client.get("/metrics").body)
            #expect(text.value("gensim_ready") == 0)
            loop.answers(missing: nil)
            #expect(try await client.get("/readyz").status == 200)
        }
    }

    @Test func aMainLoopThatHangsIsNotAliveUntilItAnswersAgain() async throws {
        try await serve(limit: .milliseconds(50)) { client in
            for path in ["/livez", "/readyz"] {
                let reply = try await client.get(path)
                #expect(reply.status == 503)
                #expect(reply.body == "the main loop has not answered within 0.05 s\n")
            }
            let text = try ExpositionText(try await client.get("/metrics").body)
            #expect(text.value("gensim_loop_answers") == 0)
            #expect(try #require(text.value("process_cpu_seconds_total")) > 0)
            // However often somebody asked, a loop that hangs has one question to answer.
            #expect(loop.asked == 1)
            loop.answers(missing: nil)
            #expect(try await client.get("/livez").status == 200)
            loop.hangs()
            #expect(try await client.get("/livez").status == 503)
        }
    }

    @Test func whoAsksWhileAQuestionIsUnderWayIsAnsweredWithIt() async throws {
        try await serve { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await client.get("/livez").status } }
                while loop.asked == 0 { await Task.yield() }
                loop.answers(missing: nil)
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test func anAnswerAfterTheServersEndIsOfNoConsequence() async throws {
        try await serve(limit: .milliseconds(20)) { client in
            let reply = try await client.get("/livez")
            #expect(reply.status == 503)
        }
        loop.answers(missing: nil)
    }

    @Test(arguments: [
        ("GET /secret", "", 404), ("GET /", "", 404), ("POST /metrics", "", 405),
        ("GET /metrics", "Content-Length: 3\r\n", 413), ("nonsense", "", 400),
    ])
    func nothingElseIsServed(request: String, header: String, status: Int) async throws {
        loop.answers(missing: nil)
        try await serve { client in
            let text = "\(request) HTTP/1.1\r\nHost: h\r\n\(header)Connection: close\r\n\r\n"
            let reply = try await client.send(text + (header.isEmpty ? "" : "abc"))
            #expect(reply.status == status)
            let other = try await client.get("/livez")
            #expect(other.status == 200)
        }
    }

    @Test func aRequestForTheHeadGetsNoBody() async throws {
        loop.answers(missing: nil)
        try await serve { client in
            let reply = try await client.send("HEAD /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(reply.status == 200)
            #expect(reply.head.contains("content-length: 6"))
            #expect(reply.body.isEmpty)
        }
    }

    @Test func aPortThatIsTakenIsTold() async throws {
        loop.answers(missing: nil)
        try await serve { _ in
            let taken = try await MetricsServer.start(at: .standard, source: loop.source, version: "9.9")
            let error = await #expect(throws: UserError.self) {
                _ = try await MetricsServer.start(at: taken.address, source: loop.source, version: "9.9")
            }
            await taken.stop()
            #expect(error?.place == "\(taken.address)")
            #expect(error?.advice.contains("--metrics off") == true)
        }
    }
}
