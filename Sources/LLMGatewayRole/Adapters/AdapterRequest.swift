import Curl
import JSON
import Wire

/// What is asked of one server to load or unload an adapter, and what its answer means.
struct AdapterRequest {
    /// Most bytes of an adapter's name or path.
    static let mostBytes = 1_024
    /// Most adapters that all servers are to have.
    static let most = 1_024

    /// The path on the server.
    let path: String
    /// The request's JSON.
    let body: [UInt8]

    /// The request for a server of that kind; nil where it takes none and its list alone says what it has.
    init?(_ wish: ManageAdapter, engine: Engine) {
        switch engine {
        // A build from source is spoken to as any other server, and may be a vLLM nevertheless.
        case .vllm, .vllmOld, .openai: break
        case .llamacpp, .sglang: return nil
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("lora_name")
        writer.value(wish.name)
        if wish.command == .load {
            writer.key("lora_path")
            writer.value(wish.path)
        }
        writer.endObject()
        path = wish.command == .load ? "/v1/load_lora_adapter" : "/v1/unload_lora_adapter"
        body = writer.bytes
    }

    /// What is wrong with a wish, whatever servers there are; nil when it is in order.
    static func obstacle(_ wish: ManageAdapter) -> Problem? {
        let isName = { (text: String) in
            (1...mostBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        }
        guard isName(wish.name) else {
            return Problem(
                .invalid, "an adapter's name is 1 to \(mostBytes) bytes without blanks", advice: "write NAME@VERSION")
        }
        guard wish.command == .unload || (1...mostBytes).contains(wish.path.utf8.count) else {
            return Problem(.invalid, "an adapter to load needs a path", advice: "give the path as the servers see it")
        }
        return nil
    }

    /// Why the adapter is not there, or still there.
    static func problem(
        _ wish: ManageAdapter, engine: Engine, _ reply: Result<HTTPResponse, HTTPFailure>?
    ) -> Problem {
        switch (engine, reply) {
        case (.llamacpp, _):
            return wish.command == .load
                ? Problem(
                    .misconfigured, "llama.cpp takes adapters at its start only, and has no '\(wish.name)'",
                    advice: "start it with --lora \(wish.name).gguf --lora-init-without-apply")
                : Problem(.misconfigured, "llama.cpp keeps its adapters while it runs", advice: "start it without")
        case (.sglang, _):
            return Problem(
                .misconfigured, "the gateway loads no adapters on SGLang", advice: "start SGLang with --lora-paths")
        case (_, nil): return Problem(.unavailable, "it was never probed", advice: "check that it runs")
        case (_, .success(let response)):
            let words = ReplyReading.words(response)
            // A path of the adapter that does not exist is a 404, too, with words of its own.
            if response.status == 404, words.lowercased().hasSuffix("not found") {
                return Problem(
                    .misconfigured, "it takes no adapters while it runs (HTTP 404): \(words)",
                    advice: "start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True")
            }
            let what = wish.command == .load ? "does not list it" : "still lists it"
            return Problem(
                .misconfigured, "it answers HTTP \(response.status) and \(what): \(words)",
                advice: "see the server's log")
        case (_, .failure(let failure)):
            return Problem(.unavailable, "it cannot be asked (\(failure))", advice: "ask again when it works")
        }
    }
}
