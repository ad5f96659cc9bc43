import JSON
import Support
import Testing

@testable import EmulatorRole

private let chat = "/v1/chat/completions"

@Suite(.timeLimit(.minutes(1))) struct LoadOverHTTPTests {
    @Test func slotsLimitHowManyAreServedAtOnce() async throws {
        try await withEmulator {
            $0.parallel = 2
            $0.latency = .milliseconds(10)
        } _: { server async throws in
            let start = SystemClock().now()
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for index in 0..<8 {
                    group.addTask { try await once(server, "POST", chat, body: chatBody("x \(index)")).reply?.status }
                }
                for try await status in group { #expect(status == 200) }
            }
            // Eight requests on two slots take four times the latency at least.
            #expect(SystemClock().now().since(start) >= .milliseconds(40))
            let statistics = try JSONValue(parsing: try await server.statistics())
            #expect(statistics["peak_running"] == 2)
            #expect(statistics["in_flight"] == 0)
            #expect(statistics["answered"] == 8)
        }
    }

    @Test func theLoadIsSeenWhileRequestsWait() async throws {
        let gauges: [(EmulatedEngine, running: String, waiting: String)] = [
            (.vllm, "vllm:num_requests_running{model_name=\"emulator\"} 1.0", "vllm:num_requests_waiting{"),
            (.sglang, "sglang:num_running_reqs{model_name=\"emulator\"} 1.0", "sglang:num_queue_reqs{"),
            (.llamacpp, "llamacpp:requests_processing 1.0", "llamacpp:requests_deferred 2.0"),
        ]
        for (engine, running, waiting) in gauges {
            try await withEmulator {
                $0.engine = engine
                $0.parallel = 1
                $0.faultRates = [.hang: 1]
            } _: { server async throws in
                var clients: [RawClient] = []
                for index in 0..<3 {
                    let client = try await RawClient(port: server.port)
                    try await client.send("POST", chat, body: chatBody("x \(index)"))
                    clients.append(client)
                }
                try await until(server, "waiting", equals: 2)
                let reply = try #require(try await once(server, "GET", "/metrics").reply)
                let text = String(decoding: reply.body, as: UTF8.self)
                #expect(text.contains(running))
                #expect(text.contains(waiting))
                if engine == .llamacpp {
                    let full = try await once(server, "GET", "/slots?fail_on_no_slot=1").reply
                    #expect(full?.status == 503)
                    let slots = try #require(try await once(server, "GET", "/slots").reply?.json)
                    #expect(slots[0]?["is_processing"] == true)
                }
                for client in clients { await client.close() }
                try await until(server, "in_flight", equals: 0)
            }
        }
    }

    @Test func callsAreToldApartByTheirHeader() async throws {
        try await withEmulator { server async throws in
            let client = try await RawClient(port: server.port)
            for call in ["a", "b", "a", nil] as [String?] {
                let headers = call.map { [("X-GenSim-Call", $0)] } ?? []
                _ = try await client.request("POST", chat, headers: headers, body: chatBody("x"))
            }
            let refused = try await client.request("POST", chat, headers: [("x-gensim-call", "c")], body: [])
            #expect(refused.reply?.status == 400)
            let statistics = try #require(try await client.request("GET", "/stats").reply?.json)
            #expect(statistics["calls"]?["distinct"] == 2)
            #expect(statistics["calls"]?["repeated"] == 1)
            #expect(statistics["calls"]?["unnamed"] == 1)
            #expect(statistics["answered"] == 4)
            #expect(statistics["replies"]?[chat] == 5)
            await client.close()
        }
    }
}
