import Model

/// The environment's fields as of the start of a round: one and the same for all turns of the round on a host.
public struct World: Sendable, Equatable {
    /// Values by name.
    public let fields: [String: Value]
    /// Names of the fields, by their bytes. Sorted once, however many turns go through them.
    public let names: [String]

    /// These fields.
    public init(_ fields: [String: Value] = [:]) {
        self.fields = fields
        names = fields.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// A field; nil where there is none.
    public subscript(_ name: String) -> Value? { fields[name] }
}
