import JSON
import Testing

@testable import EmulatorRole

private let chat = "/v1/chat/completions"

@Suite(.timeLimit(.minutes(1))) struct ChatOverHTTPTests {
    @Test func aReplyIsReadByTheJSONModule() async throws {
        try await withEmulator { server async throws in
            let outcome = try await once(server, "POST", chat, body: chatBody("pick", choiceMembers(["a", "b"])))
            let reply = try #require(outcome.reply)
            #expect(reply.status == 200)
            let completion = try ChatCompletionReply.read(reply.body)
            #expect(["a", "b"].contains(completion.content))
            #expect(completion.finishReason == "stop")
            #expect(completion.promptTokens == 8)
            #expect(completion.completionTokens == 1)
            #expect(completion.model == "emulator")
        }
    }

    @Test func twoServersGiveTheSameBytesInAnyOrder() async throws {
        let bodies = (0..<20).map { chatBody("tell me of \($0)") }
        func replies(_ order: [Int], parallel: Int) async throws -> [Int: [UInt8]] {
            try await withEmulator {
                $0.parallel = parallel
                $0.seed = 9
            } _: { server async throws in
                let client = try await RawClient(port: server.port)
                var replies: [Int: [UInt8]] = [:]
                for index in order {
                    let headers = [("x-gensim-call", "\(parallel)-\(index)")]
                    replies[index] = try await client.request("POST", chat, headers: headers, body: bodies[index])
                        .reply?.body
                }
                await client.close()
                return replies
            }
        }
        let forward = try await replies(Array(0..<20), parallel: 0)
        let backward = try await replies((0..<20).reversed(), parallel: 1)
        #expect(forward.count == 20)
        #expect(forward == backward)
        #expect(Set(forward.values).count == 20)
    }

    @Test func aConnectionIsKeptUntilTheClientAsksToClose() async throws {
        try await withEmulator { server async throws in
            let client = try await RawClient(port: server.port)
            for _ in 0..<3 {
                #expect(try await client.request("POST", chat, body: chatBody("x")).reply?.status == 200)
            }
            let last = try await client.request("POST", chat, headers: [("connection", "close")], body: chatBody("x"))
            #expect(last.reply?.headers["connection"] == "close")
            #expect(await client.receive() == .closed)
        }
    }

    @Test func requestsOnOneConnectionWithoutWaitingAreAnsweredInOrder() async throws {
        try await withEmulator { server async throws in
            let client = try await RawClient(port: server.port)
            let bodies = (0..<5).map { chatBody("pick \($0)", choiceMembers(["a\($0)"])) }
            for body in bodies { try await client.send("POST", chat, body: body) }
            for index in 0..<5 {
                let reply = try #require(await client.receive().reply)
                #expect(try ChatCompletionReply.read(reply.body).content == "a\(index)")
            }
            await client.close()
        }
    }

    @Test func refusalsComeInTheWordsOfTheEngine() async throws {
        for engine in [EmulatedEngine.vllm, .vllmOld, .sglang, .llamacpp, .openai] {
            try await withEmulator {
                $0.engine = engine
                $0.context = 64
            } _: { server async throws in
                let long = chatBody(String(repeating: "word ", count: 100))
                let reply = try #require(try await once(server, "POST", chat, body: long).reply)
                #expect(reply.status == 400)
                let refusal = try APIErrorReply.read(reply.body)
                #expect(refusal.message.contains("context"))
                #expect(refusal.type == (engine == .llamacpp ? "exceed_context_size_error" : refusal.type))
                let rubbish = try #require(try await once(server, "POST", chat, body: [0xFF, 0x00]).reply)
                #expect(rubbish.status == 400)
                #expect(throws: Never.self) { try APIErrorReply.read(rubbish.body) }
            }
        }
    }

    @Test func bodiesBeyondTheLimitAreRefused() async throws {
        try await withEmulator {
            $0.maximumBody = 1_000
        } _: { server async throws in
            let body = chatBody(String(repeating: "x", count: 2_000))
            #expect(try await once(server, "POST", chat, body: body).reply?.status == 413)
            #expect(try await once(server, "POST", chat, body: chatBody("x")).reply?.status == 200)
        }
    }

    @Test func aClientThatSendsNoHTTPDoesNotHarmTheOthers() async throws {
        try await withEmulator { server async throws in
            let client = try await RawClient(port: server.port)
            try await client.send("\u{0}\u{1}garbage", "\r\n\r\n", body: [0xFF, 0x00])
            _ = await client.receive()
            await client.close()
            #expect(try await once(server, "POST", chat, body: chatBody("x")).reply?.status == 200)
        }
    }
}
