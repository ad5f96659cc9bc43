import GPUEmulation
import JSON
import Support
import Testing

@testable import EmulatorRole

private let chat = "/v1/chat/completions"
private let scenario = String(repeating: "all agents read the same scenario. ", count: 100)

/// The values of `/metrics`, by name with labels.
func metrics(_ server: EmulatorServer) async throws -> [String: Double] {
    let reply = try #require(try await once(server, "GET", "/metrics").reply)
    var values: [String: Double] = [:]
    for line in String(decoding: reply.body, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
        let space = try #require(line.lastIndex(of: " "))
        values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return values
}

private func named(_ name: String, _ more: String = "") -> String {
    "\(name){model_name=\"emulator\"\(more.isEmpty ? "" : ",")\(more)}"
}

@Suite(.timeLimit(.minutes(1))) struct GPUOverHTTPTests {
    @Test func repliesTakeTheGPUsTimeAndTellWhatWasCached() async throws {
        try await withEmulator {
            $0.gpu = slowGPU
            $0.speed = 50
        } _: { server async throws in
            let start = SystemClock().now()
            var cached: [Int?] = []
            var prompt = 0
            for index in 0..<3 {
                let body = chatBody(scenario + "agent \(index)", choiceMembers(["a", "b"]))
                let reply = try #require(try await once(server, "POST", chat, body: body).reply)
                #expect(reply.status == 200)
                let completion = try ChatCompletionReply.read(reply.body)
                cached.append(completion.cachedTokens)
                prompt = completion.promptTokens ?? 0
            }
            #expect(prompt > 870 && prompt < 900)
            // All blocks but the one in which the agents differ.
            #expect(
                cached == [0, prompt / 16 * 16 - 16, prompt / 16 * 16 - 16]
                    || cached == [0, prompt / 16 * 16, prompt / 16 * 16])
            // The first prompt alone takes 880 ms of the GPU, a fiftieth of that here.
            #expect(SystemClock().now().since(start) >= Span.seconds(Double(prompt) / 1_000 / 50))
            let values = try await metrics(server)
            #expect(values[named("vllm:prefix_cache_queries_total")] == Double(3 * prompt))
            #expect(values[named("vllm:prefix_cache_hits_total")] == Double(cached.reduce(0) { $0 + ($1 ?? 0) }))
            #expect(values[named("vllm:prompt_tokens_total")] == Double(3 * prompt))
            #expect(values[named("vllm:request_success_total", "finished_reason=\"stop\"")] == 3)
            #expect(values[named("vllm:time_to_first_token_seconds_count")] == 3)
            #expect((values[named("vllm:time_to_first_token_seconds_sum")] ?? 0) >= 0.88)
            #expect(values[named("vllm:kv_cache_usage_perc")] == 0)
            let configuration = values.keys.first { $0.hasPrefix("vllm:cache_config_info") } ?? ""
            #expect(configuration.contains("num_gpu_blocks=\"4000\"") && configuration.contains("block_size=\"16\""))
            let told = try #require(try JSONValue(parsing: try await server.statistics())["gpu"])
            #expect(told["speed"]?.doubleValue == 50)
            #expect(told["finished"] == 3 && told["prompt_tokens"]?.intValue == 3 * prompt)
            let busy = told["busy_seconds"]?.doubleValue ?? 0
            let first = told["first_arrival_seconds"]?.doubleValue ?? 0
            let last = told["last_end_seconds"]?.doubleValue ?? 0
            #expect(busy >= 0.88 && first > 0 && last - first >= busy)
            #expect((told["late_seconds"]?.doubleValue ?? -1) >= (told["longest_late_seconds"]?.doubleValue ?? 0))
        }
    }

    /// A GPU that takes one sequence at a time and an hour for each.
    private static let stuck = GPUParameters(
        prefillTokensPerSecond: 0.001, decodeTokensPerSecond: 0.001, kvTokens: 64_000, maximumSequences: 1)

    @Test(arguments: [EmulatedEngine.vllm, .sglang, .llamacpp])
    func whoClosesFreesTheGPUAtOnceAndIsCounted(_ engine: EmulatedEngine) async throws {
        try await withEmulator {
            $0.engine = engine
            $0.gpu = Self.stuck
        } _: { server async throws in
            var clients: [RawClient] = []
            for index in 0..<3 {
                let client = try await RawClient(port: server.port)
                try await client.send("POST", chat, body: chatBody("\(scenario) \(index)"))
                clients.append(client)
                try await until(server, "in_flight", equals: index + 1)
            }
            let busy = try await metrics(server)
            switch engine {
            case .vllm:
                #expect(busy[named("vllm:num_requests_running")] == 1)
                #expect(busy[named("vllm:num_requests_waiting")] == 2)
                #expect((busy[named("vllm:kv_cache_usage_perc")] ?? 0) > 0.01)
            case .sglang:
                let loads = try #require(try await once(server, "GET", "/v1/loads").reply?.json?["loads"]?[0])
                #expect(loads["num_running_reqs"] == 1)
                #expect(loads["num_waiting_reqs"] == 2)
                #expect(loads["token_usage"]?.doubleValue == busy[named("sglang:token_usage")])
                #expect(loads["num_used_tokens"]?.doubleValue == busy[named("sglang:num_used_tokens")])
            default:
                #expect(busy["llamacpp:requests_processing"] == 1)
                #expect(busy["llamacpp:requests_deferred"] == 2)
                let slots = try #require(try await once(server, "GET", "/slots").reply?.json?.arrayValue)
                #expect(slots.count == 1)
                #expect(slots[0]["is_processing"] == true)
                #expect(try await once(server, "GET", "/slots?fail_on_no_slot=1").reply?.status == 503)
                #expect(try await once(server, "GET", "/props").reply?.json?["total_slots"] == 1)
            }
            for client in clients { await client.close() }
            try await until(server, "in_flight", equals: 0)
            try await until(server, "cancelled", equals: 3)
            let idle = try await metrics(server)
            switch engine {
            case .vllm:
                #expect(idle[named("vllm:request_success_total", "finished_reason=\"abort\"")] == 3)
                #expect(idle[named("vllm:kv_cache_usage_perc")] == 0)
            case .sglang:
                #expect(idle[named("sglang:num_aborted_requests_total")] == 3)
                #expect(idle[named("sglang:num_used_tokens")] == 0)
            default: #expect(idle["llamacpp:kv_cache_tokens"] == 0)
            }
        }
    }

    @Test func theOldEngineHasTheOldNames() async throws {
        try await withEmulator {
            $0.engine = .vllmOld
            $0.gpu = slowGPU
        } _: { server async throws in
            let values = try await metrics(server)
            #expect(values[named("vllm:gpu_cache_usage_perc")] == 0)
            #expect(values[named("vllm:gpu_prefix_cache_queries_total")] == 0)
            #expect(values[named("vllm:kv_cache_usage_perc")] == nil)
        }
    }

    @Test func answersAreThoseOfAServerWithoutAGPU() async throws {
        let body = chatBody("tell me of it", choiceMembers(["a", "b", "c"]))
        func content(_ gpu: GPUParameters?) async throws -> String? {
            try await withEmulator {
                $0.gpu = gpu
                $0.speed = 1_000
            } _: { server async throws in
                let reply = try #require(try await once(server, "POST", chat, body: body).reply)
                return try ChatCompletionReply.read(reply.body).content
            }
        }
        let expected = try await content(nil)
        #expect(expected != nil)
        #expect(try await content(slowGPU) == expected)
    }

    @Test func decisionsAndEmbeddingsTakeTheGPUsTimeAsWell() async throws {
        try await withEmulator {
            $0.gpu = slowGPU
            $0.speed = 1_000
        } _: { server async throws in
            let question: JSONValue = ["type": "choice", "choices": [["value": "a"], ["value": "b"]]]
            let decision: JSONValue = ["input": .string(scenario), "questions": [question]]
            let answered = try await once(server, "POST", "/v1/decisions", body: decision.serialized()).reply
            #expect(answered?.json?["answers"]?[0]?["probabilities"]?.arrayValue?.count == 2)
            let embedding = try await once(
                server, "POST", "/v1/embeddings", body: Array(#"{"input":["one","two"]}"#.utf8))
            #expect(embedding.reply?.status == 200)
            let values = try await metrics(server)
            #expect(values[named("vllm:request_success_total", "finished_reason=\"stop\"")] == 2)
        }
    }
}
