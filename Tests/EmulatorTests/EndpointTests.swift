import JSON
import Testing

@testable import EmulatorRole

private func get(_ server: EmulatorServer, _ path: String) async throws -> RawReply {
    try #require(try await once(server, "GET", path).reply)
}

private func post(_ server: EmulatorServer, _ path: String, _ body: String) async throws -> RawReply {
    try #require(try await once(server, "POST", path, body: Array(body.utf8)).reply)
}

@Suite(.timeLimit(.minutes(1))) struct EndpointTests {
    @Test(arguments: EmulatedEngine.allCases)
    func onlyTheEnginesOwnEndpointsAreThere(_ engine: EmulatedEngine) async throws {
        try await withEmulator {
            $0.engine = engine
        } _: { server async throws in
            for endpoint in Endpoint.allCases {
                let reply = try #require(try await once(server, endpoint.method, endpoint.rawValue).reply)
                #expect((reply.status != 404) == engine.serves(endpoint), "\(endpoint.rawValue)")
            }
            #expect(try await get(server, "/nothing").status == 404)
        }
    }

    @Test func probesTellWhatServersTell() async throws {
        try await withEmulator { server async throws in
            #expect(try await get(server, "/version").json?["version"] == "0.33.0")
            let models = try await get(server, "/v1/models").json
            #expect(models?["data"]?[0]?["id"] == "emulator")
            #expect(models?["data"]?[0]?["max_model_len"] == 32_768)
            #expect(try await get(server, "/health").status == 200)
            #expect(try await post(server, "/tokenize", #"{"prompt":"12345678"}"#).json?["count"] == 2)
            let messages = #"{"messages":[{"role":"user","content":"12345678"}]}"#
            #expect(try await post(server, "/tokenize", messages).json?["count"] == 9)
            #expect(try await post(server, "/version", "").status == 405)
        }
        try await withEmulator {
            $0.engine = .vllmOld
        } _: { server async throws in
            #expect(try await get(server, "/version").json?["version"] == "0.10.2")
        }
        try await withEmulator {
            $0.engine = .llamacpp
            $0.parallel = 3
        } _: { server async throws in
            let properties = try await get(server, "/props").json
            #expect(properties?["total_slots"] == 3)
            #expect(properties?["default_generation_settings"]?["n_ctx"] == 32_768)
            #expect(try await get(server, "/slots").json?.arrayValue?.count == 3)
            #expect(try await post(server, "/tokenize", #"{"content":"12345678"}"#).json == ["tokens": [0, 1]])
            let messages = #"{"messages":[{"role":"user","content":"12345678"}]}"#
            #expect(
                try await post(server, "/v1/chat/completions/input_tokens", messages).json?["input_tokens"] == 9)
        }
        try await withEmulator {
            $0.engine = .sglang
        } _: { server async throws in
            #expect(try await get(server, "/server_info").json?["version"] == "0.5.23")
            #expect(try await get(server, "/get_model_info").json?["model_path"] == "emulator")
            #expect(try await post(server, "/tokenize", #"{"prompt":"12345678"}"#).json?["count"] == 2)
            let texts = try await post(server, "/tokenize", #"{"prompt":["12345678","1"]}"#).json
            #expect(texts?["count"] == [2, 1])
            #expect(texts?["tokens"] == [[0, 1], [0]])
            #expect(try await post(server, "/tokenize", #"{"prompt":["1",2]}"#).status == 400)
        }
    }

    @Test func vectorsAreTheSameInEveryForm() async throws {
        let expected = try await withEmulator { server async throws in
            let floats = try await post(server, "/v1/embeddings", #"{"input":["one","two"]}"#)
            let base64 = #"{"input":["one","two"],"encoding_format":"base64"}"#
            let vectors = try EmbeddingReply.read(floats.body)
            #expect(try EmbeddingReply.read(try await post(server, "/v1/embeddings", base64).body) == vectors)
            #expect(
                try EmbeddingReply.read(try await post(server, "/v1/embeddings", #"{"input":"two"}"#).body) == [
                    vectors[1]
                ])
            return vectors
        }
        #expect(expected.map(\.count) == [16, 16])
        try await withEmulator {
            $0.engine = .tei
        } _: { server async throws in
            #expect(
                try EmbeddingReply.read(try await post(server, "/embed", #"{"inputs":["one","two"]}"#).body) == expected
            )
            #expect(try await get(server, "/info").json?["max_client_batch_size"] == 32)
            let many = "[" + Array(repeating: "\"x\"", count: 33).joined(separator: ",") + "]"
            let refusal = try await post(server, "/embed", #"{"inputs":\#(many)}"#)
            #expect(refusal.status == 422)
            #expect(try APIErrorReply.read(refusal.body).type == "Validation")
        }
        try await withEmulator {
            $0.engine = .original
        } _: { server async throws in
            let reply = try await post(server, "/encode", #"{"sentence":"two"}"#)
            #expect(try EmbeddingReply.read(reply.body) == [expected[1]])
            #expect(try await get(server, "/embedding-dimension").json?.objectValue?.members.first?.value == 16)
        }
    }

    @Test(arguments: [
        "", "{}", #"{"input":[]}"#, #"{"input":5}"#, #"{"input":[[1,2]]}"#, #"{"input":"x","encoding_format":"int8"}"#,
        #"{"input":"x","dimensions":3}"#,
    ])
    func wrongEmbeddingRequestsAreRefused(_ body: String) async throws {
        try await withEmulator { server async throws in
            #expect(try await post(server, "/v1/embeddings", body).status == 400)
        }
    }
}
