import Curl
import GatewayLogic
import Testing

@testable import LLMGatewayRole

@Suite struct ProbeReadingTests {
    private typealias Replies = [String: Result<HTTPResponse, HTTPFailure>]

    private func replies(_ bodies: [String: String]) -> Replies {
        var replies: Replies = [:]
        for path in ProbeReading.paths {
            replies[path] = .success(
                HTTPResponse(status: bodies[path] == nil ? 404 : 200, body: Array((bodies[path] ?? "").utf8)))
        }
        return replies
    }

    private let models = #"{"data":[{"id":"m","max_model_len":8192,"owned_by":"vllm"}]}"#

    private func profile(_ bodies: [String: String], model: String? = nil) throws(ProbeFailure) -> BackendProfile {
        try ProbeReading(url: "http://s", wantedModels: model.map { [$0] } ?? []).profile(replies(bodies))
    }

    @Test(arguments: [
        ("0.33.0", Engine.vllm), ("0.12.0rc1", .vllm), ("1.0", .vllm), ("0.11.2", .vllmOld), ("0.8.5.post1", .vllmOld),
        ("dev", .openai), ("0.x", .openai), ("0.1.dev1+g86a2835", .openai), ("0.13.0.dev4", .openai),
    ])
    func theVersionOfVLLMDecidesItsDialect(version: String, engine: Engine) throws {
        let found = try profile(["/v1/models": models, "/version": #"{"version":"\#(version)"}"#])
        #expect(found.engine == engine)
        #expect(found.contextTokens == 8192)
    }

    @Test func ofSeveralModelsThatAreWantedAServerNeedsOne() throws {
        let models = #"{"data":[{"id":"small"}]}"#
        let reading = ProbeReading(url: "http://s", wantedModels: ["large", "small"])
        #expect(try reading.profile(replies(["/v1/models": models])).model == "small")
    }

    @Test func llamacppTellsItsSlotsAndTheContextOfOne() throws {
        let props = #"{"total_slots":4,"build_info":"b1","default_generation_settings":{"n_ctx":2048}}"#
        let found = try profile(["/v1/models": #"{"data":[{"id":"m","owned_by":"llamacpp"}]}"#, "/props": props])
        #expect(
            found
                == BackendProfile(
                    engine: .llamacpp, version: "b1", model: "m", contextTokens: 2048, slots: 4,
                    tokenLimitField: .maxTokens, models: [ServedModel("m")], kvTokens: 8_192))
    }

    @Test(arguments: ["/server_info", "/get_server_info"])
    func sglangIsKnownByItsServerInfo(path: String) throws {
        let found = try profile(["/v1/models": models, path: #"{"model_path":"m","version":"0.5.23"}"#])
        #expect(found.engine == .sglang)
        #expect(found.version == "0.5.23")
    }

    @Test func anythingElseIsPlainOpenAI() throws {
        #expect(try profile(["/v1/models": #"{"data":[{"id":"m"}]}"#]).engine == .openai)
    }

    @Test func aNamedModelMustBeThereAndANearOneIsProposed() {
        #expect {
            try profile(["/v1/models": #"{"data":[{"id":"qwen3-8b"},{"id":"other"}]}"#], model: "qwen3-8B")
        } throws: { error in
            error as? ProbeFailure
                == .misconfigured(
                    "it has no model 'qwen3-8B'", advice: "did you mean 'qwen3-8b'? it has: qwen3-8b, other")
        }
    }

    @Test func severalModelsWithoutANameAreNotGuessedAmong() {
        #expect { try profile(["/v1/models": #"{"data":[{"id":"a"},{"id":"b"}]}"#]) } throws: { error in
            error as? ProbeFailure == .misconfigured("it offers 2 models", advice: "name one with --model")
        }
    }

    @Test func adaptersBesideABaseModelDoNotHideIt() throws {
        let list = #"{"data":[{"id":"base"},{"id":"lora","parent":"base"}]}"#
        #expect(try profile(["/v1/models": list]).model == "base")
    }

    @Test func aRefusedKeyIsAConfigurationErrorAndALoadingServerIsNot() {
        for (status, isMisconfigured) in [(401, true), (403, true), (503, false), (429, false)] {
            var replies = replies([:])
            replies["/v1/models"] = .success(HTTPResponse(status: status, body: []))
            #expect {
                try ProbeReading(url: "http://s", wantedModels: []).profile(replies)
            } throws: { error in
                if case .misconfigured? = error as? ProbeFailure { return isMisconfigured }
                return !isMisconfigured
            }
        }
    }

    @Test func rubbishInsteadOfAListOfModelsIsRefusedWithoutTrapping() {
        for body in ["", "[]", "null", #"{"data":3}"#, "<html>", #"{"data":[{"id":7}]}"#] {
            #expect(throws: ProbeFailure.self) { try profile(["/v1/models": body]) }
        }
    }

    @Test func aServersModelsAndAdaptersAreAllItsFacts() throws {
        let list =
            #"{"data":[{"id":"base"},{"id":"v1","parent":"base"},{"id":"v2","parent":"base"},"#
            + #"{"id":7,"parent":"base"}]}"#
        let found = try profile(["/v1/models": list]).facts
        #expect(
            found.models == [ServedModel("base"), ServedModel("v1", parent: "base"), ServedModel("v2", parent: "base")])
        #expect(found.serves("v2"))
        #expect(!found.serves("v3"))
        let catalogue = #"{"data":[{"id":"large"},{"id":"small"}]}"#
        #expect(try profile(["/v1/models": catalogue], model: "large").facts.serves("small"))
    }

    @Test func aServerThatListsNoModelsServesTheNamedOne() throws {
        #expect(try profile([:], model: "m").facts.models == [ServedModel("m")])
    }

    @Test func theCapacityOfTheCacheIsReadWhereItIsTold() throws {
        let metrics = #"vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="7000"} 1.0"#
        let vllm = try profile(["/v1/models": models, "/version": #"{"version":"0.33.0"}"#, "/metrics": metrics])
        #expect(vllm.kvTokens == 112_000)
        let info = #"{"model_path":"m","version":"0.5.23","max_total_num_tokens":200000,"max_running_requests":48}"#
        let sglang = try profile(["/v1/models": models, "/server_info": info])
        #expect(sglang.facts.kvTokens == 200_000)
        #expect(sglang.facts.slots == 48)
    }

    @Test func theLoadIsReadWhereTheServerReallyTellsIt() throws {
        let props = #"{"total_slots":4,"default_generation_settings":{"n_ctx":2048}}"#
        let slots = #"[{"id":0,"is_processing":false}]"#
        let metrics = "llamacpp:requests_deferred 0\n"
        let list = #"{"data":[{"id":"m"}]}"#
        #expect(
            try profile(["/v1/models": list, "/props": props, "/slots": slots, "/metrics": metrics]).loadSource
                == .metrics)
        #expect(try profile(["/v1/models": list, "/props": props, "/slots": slots]).loadSource == .slots)
        #expect(try profile(["/v1/models": list, "/props": props]).facts.tellsLoad == false)
        // Metrics of something else in front of the server are not its load.
        #expect(
            try profile(["/v1/models": models, "/version": #"{"version":"0.33.0"}"#, "/metrics": "nginx_up 1\n"])
                .loadSource == nil)
    }
}
