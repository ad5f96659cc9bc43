import JSON
import Support
import Testing

@testable import EmulatorRole

private func parsed(_ arguments: String...) throws -> [EmulatorOptions] {
    try LLMEmulatorCommand.parse(arguments).options()
}

/// Starts a fleet, runs `body` with its servers, and stops it.
private func withFleet<Result>(
    _ options: [EmulatorOptions], threads: Int, _ body: ([EmulatorServer]) async throws -> Result
) async throws -> Result {
    let fleet = try await EmulatorFleet.start(options, threads: threads)
    do {
        let result = try await body(fleet.servers)
        try await fleet.stop()
        return result
    } catch {
        try await fleet.stop()
        throw error
    }
}

@Suite(.timeLimit(.minutes(1))) struct FleetTests {
    @Test func eachServerHasItsOwnPortAndFaults() throws {
        let servers = try parsed(
            "--listen", "127.0.0.1:9000", "--servers", "3", "--fault-rate", "500=0.1", "--fault-rate", "1:500=1",
            "--fault-rate", "2:hang=0.25", "--fault-seed", "7")
        #expect(servers.map(\.port) == [9_000, 9_001, 9_002])
        #expect(
            servers.map(\.faultRates) == [
                [.internalError: 0.1], [.internalError: 1], [.internalError: 0.1, .hang: 0.25],
            ])
        #expect(servers[0].faultSeed == 7)
        #expect(Set(servers.map(\.faultSeed)).count == 3)
        #expect(try parsed("--servers", "3").map(\.port) == [0, 0, 0])
    }

    @Test(arguments: [
        ["--servers", "0"], ["--servers", "257"], ["--listen", "127.0.0.1:65535", "--servers", "2"],
        ["--servers", "2", "--fault-rate", "2:500=1"], ["--servers", "2", "--fault-rate", "-1:500=1"],
        ["--servers", "2", "--fault-rate", "x:500=1"], ["--fault-rate", ":500=1"],
        ["--servers", "2", "--fault-rate", "500=0.6", "--fault-rate", "1:hang=0.6"], ["--threads", "0"],
        ["--speed", "2"], ["--model", "a", "--model", "a"], ["--gpu-model", "/nowhere/gpu.json"],
    ])
    func wrongFleetsAreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try LLMEmulatorCommand.parse(arguments) }
    }

    @Test func serversOfOneProcessAnswerAlikeAndCountForThemselves() async throws {
        var options = EmulatorOptions()
        options.gpu = slowGPU
        options.speed = 1_000
        var broken = options
        broken.faultRates = [.internalError: 1]
        broken.faultRepeat = 1_000
        try await withFleet([options, broken, options], threads: 2) { servers async throws in
            #expect(Set(servers.map(\.port)).count == 3)
            let body = chatBody("pick", choiceMembers(["a", "b"]))
            var contents: [String?] = []
            for (server, times) in [(servers[0], 2), (servers[1], 3), (servers[2], 1)] {
                for _ in 0..<times {
                    let reply = try #require(
                        try await once(server, "POST", "/v1/chat/completions", body: body).reply)
                    guard server.port != servers[1].port else {
                        #expect(reply.status == 500)
                        continue
                    }
                    contents.append(try ChatCompletionReply.read(reply.body).content)
                }
            }
            #expect(contents.count == 3 && contents[0] != nil)
            #expect(Set(contents).count == 1)
            var answered: [Int?] = []
            var faults: [Int?] = []
            for server in servers {
                let statistics = try JSONValue(parsing: try await server.statistics())
                answered.append(statistics["answered"]?.intValue)
                faults.append(statistics["faults"]?["500"]?.intValue)
            }
            #expect(answered == [2, 0, 1])
            #expect(faults == [0, 3, 0])
        }
    }

    @Test func aPortThatIsTakenStartsNone() async throws {
        try await withEmulator { taken async throws in
            var second = EmulatorOptions()
            second.port = taken.port
            await #expect(throws: UserError.self) {
                try await EmulatorFleet.start([EmulatorOptions(), second], threads: 1)
            }
        }
    }
}
