/// A type of agents and the fields of their profiles.
public struct AgentTypeDefinition: Sendable, Equatable {
    /// Its name, as configurations and ids use it.
    public var name: String
    /// The fields. Every list and map `x` is also readable as the text `x_text`.
    public var fields: [FieldDefinition]

    /// A type; field names must be distinct.
    public init(name: String, fields: [FieldDefinition]) {
        let names = fields.flatMap { [$0.name] + $0.aliases }
        precondition(Set(names).count == names.count, "two fields of \(name) have the same name")
        self.name = name
        self.fields = fields
    }

    /// Every name that templates of this type's own profile may use, in the order of the fields.
    public var templateFields: [String] { fields.flatMap { [$0.name] + ($0.textName.map { [$0] } ?? []) } }
}
