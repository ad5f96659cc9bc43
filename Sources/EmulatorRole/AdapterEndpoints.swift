import JSON

/// Adapters are loaded and unloaded while the server runs, as vLLM and SGLang let it be done.
extension EmulatorCore {
    func loadAdapter(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        let request = try object(body)
        let adapter = ServedModels.Adapter(
            name: request["lora_name"]?.stringValue ?? "", path: request["lora_path"]?.stringValue ?? "")
        try models.load(adapter, replacing: request["load_inplace"]?.boolValue == true)
        return done("Success: LoRA adapter '\(adapter.name)' added successfully.")
    }

    func unloadAdapter(_ body: [UInt8]) throws(Refusal) -> EmulatorReply {
        guard let name = try object(body)["lora_name"]?.stringValue, !name.isEmpty else {
            throw .badRequest("'lora_name' must be provided.")
        }
        try models.unload(name)
        return done("Success: LoRA adapter '\(name)' removed successfully.")
    }

    private func done(_ message: String) -> EmulatorReply {
        guard options.engine == .sglang else {
            return EmulatorReply(status: 200, contentType: "text/plain; charset=utf-8", body: Array(message.utf8))
        }
        let loaded = models.adapters.map { JSONObject.Member(key: $0.name, value: .string($0.path)) }
        let body: JSONValue = ["success": true, "error_message": "", "loaded_adapters": .object(JSONObject(loaded))]
        return .json(body.serialized())
    }
}
