/// What a server tells about itself when it is probed.
public struct ServerFacts: Sendable, Equatable {
    /// The models that requests may name there, adapters among them.
    public var models: [ServedModel]
    /// Requests that it works on at the same time, 0 when unknown.
    public var slots: Int
    /// Tokens that its cache of keys and values holds, 0 when unknown.
    public var kvTokens: Int
    /// Whether its load can be read while it works.
    public var tellsLoad: Bool

    /// A server's facts; see the properties.
    public init(models: [ServedModel], slots: Int = 0, kvTokens: Int = 0, tellsLoad: Bool = false) {
        self.models = models
        self.slots = slots
        self.kvTokens = kvTokens
        self.tellsLoad = tellsLoad
    }

    /// Whether requests may name `model` there.
    public func serves(_ model: String) -> Bool { models.contains { $0.name == model } }
}
