import JSON
import Testing

@testable import EmulatorRole

private func post(_ core: EmulatorCore, _ endpoint: Endpoint, _ body: String) -> EmulatorReply {
    core.reply(to: endpoint, method: "POST", query: "", body: Array(body.utf8))
}

private func models(_ core: EmulatorCore) throws -> [JSONValue] {
    let reply = core.reply(to: .models, method: "GET", query: "", body: [])
    return try JSONValue(parsing: reply.body)["data"]?.arrayValue ?? []
}

private func chat(_ core: EmulatorCore, _ model: String) -> EmulatorReply {
    post(core, .chat, #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]}"#)
}

@Suite struct AdapterTests {
    private let core: EmulatorCore

    init() {
        var options = EmulatorOptions()
        options.models = ["large", "small"]
        core = EmulatorCore(options)
    }

    @Test func severalModelsAreServedByName() throws {
        #expect(try models(core).map { $0["id"] } == ["large", "small"])
        let (large, small) = (chat(core, "large"), chat(core, "small"))
        #expect(large.status == 200)
        let reply = try ChatCompletionReply.read(small.body)
        #expect(reply.model == "small")
        #expect(try ChatCompletionReply.read(large.body).content != reply.content)
        #expect(chat(core, "other").status == 404)
        let unnamed = post(core, .chat, #"{"messages":[{"role":"user","content":"hello"}]}"#)
        #expect(try ChatCompletionReply.read(unnamed.body).model == "large")
    }

    @Test func anAdapterIsAModelFromLoadToUnload() throws {
        #expect(chat(core, "v2").status == 404)
        #expect(post(core, .loadAdapter, #"{"lora_name":"v2","lora_path":"/a/v2"}"#).status == 200)
        let entry = try #require(try models(core).last)
        #expect(entry["id"] == "v2")
        #expect(entry["parent"] == "large")
        #expect(entry["root"] == "/a/v2")
        #expect(try models(core)[0]["parent"] == .null)
        #expect(try ChatCompletionReply.read(chat(core, "v2").body).model == "v2")
        #expect(post(core, .loadAdapter, #"{"lora_name":"v2","lora_path":"/b"}"#).status == 400)
        let again = #"{"lora_name":"v2","lora_path":"/b","load_inplace":true}"#
        #expect(post(core, .loadAdapter, again).status == 200)
        #expect(try models(core).last?["root"] == "/b")
        #expect(post(core, .unloadAdapter, #"{"lora_name":"v2"}"#).status == 200)
        #expect(post(core, .unloadAdapter, #"{"lora_name":"v2"}"#).status == 404)
        #expect(chat(core, "v2").status == 404)
        #expect(try models(core).count == 2)
    }

    @Test(arguments: [
        "", "{}", #"{"lora_name":"x"}"#, #"{"lora_path":"x"}"#, #"{"lora_name":"large","lora_path":"x"}"#,
    ])
    func wrongAdaptersAreRefused(_ body: String) throws {
        #expect(post(core, .loadAdapter, body).status == 400)
        #expect(try models(core).count == 2)
    }

    @Test func adaptersHaveABound() throws {
        for index in 0..<ServedModels.maximumAdapters {
            #expect(post(core, .loadAdapter, #"{"lora_name":"a\#(index)","lora_path":"x"}"#).status == 200)
        }
        #expect(post(core, .loadAdapter, #"{"lora_name":"more","lora_path":"x"}"#).status == 400)
        let long = String(repeating: "n", count: ServedModels.maximumName + 1)
        #expect(post(core, .unloadAdapter, #"{"lora_name":"a0"}"#).status == 200)
        #expect(post(core, .loadAdapter, #"{"lora_name":"\#(long)","lora_path":"x"}"#).status == 400)
    }
}
