import JSON
import Testing

@testable import EmulatorRole

private let chat = "/v1/chat/completions"

/// The outcomes of the same request sent twice to an emulator whose first answer is always struck.
private func struck(_ kind: FaultKind, _ body: [UInt8]) async throws -> [RawOutcome] {
    try await withEmulator {
        $0.faultRates = [kind: 1]
    } _: { server async throws in
        let outcomes = [
            try await once(server, "POST", chat, body: body), try await once(server, "POST", chat, body: body),
        ]
        let statistics = try JSONValue(parsing: try await server.statistics())
        #expect(statistics["faults"]?[kind.rawValue] == 1)
        #expect(statistics["answered"] == 1)
        return outcomes
    }
}

@Suite(.timeLimit(.minutes(1))) struct FaultsOverHTTPTests {
    private let body = chatBody("pick", choiceMembers(["a", "b"]))

    @Test(arguments: FaultKind.allCases.filter { $0 != .hang })
    func theSecondAttemptIsAnswered(_ kind: FaultKind) async throws {
        let outcomes = try await struck(kind, body)
        let reply = try #require(outcomes[1].reply)
        #expect(["a", "b"].contains(try ChatCompletionReply.read(reply.body).content))
    }

    @Test func refusalsCarryTheirStatus() async throws {
        let busy = try #require(try await struck(.tooManyRequests, body)[0].reply)
        #expect(busy.status == 429)
        #expect(busy.headers["retry-after"] == "1")
        #expect(throws: Never.self) { try APIErrorReply.read(busy.body) }
        let broken = try #require(try await struck(.internalError, body)[0].reply)
        #expect(broken.status == 500)
        #expect(throws: Never.self) { try APIErrorReply.read(broken.body) }
    }

    @Test func brokenDeliveriesAreBrokenOnTheWire() async throws {
        #expect(try await struck(.reset, body)[0] == .reset)
        guard case .cut(let received, let announced) = try await struck(.half, body)[0] else {
            Issue.record("half a body came as something else")
            return
        }
        #expect(received == announced / 2)
        let garbage = try #require(try await struck(.garbage, body)[0].reply)
        #expect(garbage.status == 200)
        #expect(throws: JSONError.self) { try ChatCompletionReply.read(garbage.body) }
    }

    @Test func wrongAnswersAreWellFormed() async throws {
        let wrong = try #require(try await struck(.wrongChoice, body)[0].reply)
        let content = try #require(try ChatCompletionReply.read(wrong.body).content)
        #expect(!["a", "b"].contains(content))
        let free = try #require(try await struck(.unconstrained, body)[0].reply)
        let text = try #require(try ChatCompletionReply.read(free.body).content)
        #expect(text.split(separator: " ").count >= 24)
        let null = try #require(try await struck(.null, body)[0].reply)
        #expect(try ChatCompletionReply.read(null.body).content == nil)
    }

    @Test func aHangLastsUntilTheClientClosesAndHoldsItsSlot() async throws {
        try await withEmulator {
            $0.faultRates = [.hang: 1]
            $0.parallel = 1
        } _: { server async throws in
            let hanging = try await RawClient(port: server.port)
            try await hanging.send("POST", chat, body: body)
            try await until(server, "running", equals: 1)
            let waiting = try await RawClient(port: server.port)
            try await waiting.send("POST", chat, body: body)
            try await until(server, "waiting", equals: 1)
            await hanging.close()
            #expect(await waiting.receive().reply?.status == 200)
            await waiting.close()
            let statistics = try JSONValue(parsing: try await server.statistics())
            #expect(statistics["cancelled"] == 1)
            #expect(statistics["in_flight"] == 0)
        }
    }

    @Test func embeddingsAreStruckAsWell() async throws {
        try await withEmulator {
            $0.faultRates = [.half: 1]
        } _: { server async throws in
            let body = Array(#"{"input":"text"}"#.utf8)
            guard case .cut = try await once(server, "POST", "/v1/embeddings", body: body) else {
                Issue.record("half a body came as something else")
                return
            }
            #expect(try await once(server, "POST", "/v1/embeddings", body: body).reply?.status == 200)
        }
    }
}

/// Waits until a number of the statistics has the value.
func until(_ server: EmulatorServer, _ name: String, equals value: Int) async throws {
    while try JSONValue(parsing: try await server.statistics())[name]?.intValue != value { await Task.yield() }
}
