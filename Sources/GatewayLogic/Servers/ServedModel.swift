/// A model that a server lists: a base model, or an adapter on one.
public struct ServedModel: Sendable, Equatable {
    /// What requests call it.
    public var name: String
    /// The base model of an adapter; nil for a base model.
    public var parent: String?

    /// A model; see the properties.
    public init(_ name: String, parent: String? = nil) {
        self.name = name
        self.parent = parent
    }
}
