import JSON

/// How a request names its model, or an adapter, in the words of one server.
struct ModelFields {
    /// What the `model` field says.
    let model: String
    /// Number of the adapter that the request chooses, where the server takes it as a field of its own.
    let adapter: Int?

    /// The fields for `name` at a server of that profile.
    init(_ name: String, _ profile: BackendProfile) {
        adapter = profile.adapters[name]
        model = adapter == nil ? name : profile.models.first { $0.name == name }?.parent ?? profile.model
    }

    /// Adds the choice of an adapter to the request that is being written. Adapters that are not named get no weight.
    func writeAdapter(into writer: inout JSONWriter) {
        guard let adapter else { return }
        writer.key("lora")
        writer.beginArray()
        writer.beginObject()
        writer.key("id")
        writer.value(adapter)
        writer.key("scale")
        writer.value(1)
        writer.endObject()
        writer.endArray()
    }
}
