/// The models that a server answers for: those it was started with, and adapters that are loaded and unloaded.
struct ServedModels {
    /// A LoRA adapter.
    struct Adapter: Equatable {
        var name: String
        var path: String
    }

    /// Most adapters at a time.
    static let maximumAdapters = 256
    /// Longest name or path of an adapter in bytes.
    static let maximumName = 1_024

    /// Models of the command line; the first is meant where a request names none, and is the parent of all adapters.
    let names: [String]
    /// Adapters in the order in which they came.
    private(set) var adapters: [Adapter] = []
    private var known: Set<String>

    init(_ names: [String]) {
        self.names = names
        known = Set(names)
    }

    /// The model that is meant where a request names none.
    var standard: String { names.first ?? "" }

    func serves(_ model: String) -> Bool { model == standard || known.contains(model) }

    /// Loads an adapter, or another one under the same name where `replacing` is said.
    mutating func load(_ adapter: Adapter, replacing: Bool) throws(Refusal) {
        guard !adapter.name.isEmpty, !adapter.path.isEmpty,
            adapter.name.utf8.count <= Self.maximumName, adapter.path.utf8.count <= Self.maximumName
        else { throw .badRequest("Both 'lora_name' and 'lora_path' must be provided.") }
        guard !names.contains(adapter.name) else {
            throw .badRequest("'\(adapter.name)' is the name of a model")
        }
        if let place = adapters.firstIndex(where: { $0.name == adapter.name }) {
            guard replacing else {
                throw .badRequest("The lora adapter '\(adapter.name)' has already been loaded.")
            }
            adapters[place] = adapter
            return
        }
        guard adapters.count < Self.maximumAdapters else {
            throw .badRequest("\(Self.maximumAdapters) adapters are loaded, which is the most")
        }
        adapters.append(adapter)
        known.insert(adapter.name)
    }

    /// Unloads an adapter.
    mutating func unload(_ name: String) throws(Refusal) {
        guard let place = adapters.firstIndex(where: { $0.name == name }) else {
            throw Refusal(
                status: 404, message: "The lora adapter '\(name)' cannot be found.", kind: .notFound)
        }
        adapters.remove(at: place)
        known.remove(name)
    }
}
