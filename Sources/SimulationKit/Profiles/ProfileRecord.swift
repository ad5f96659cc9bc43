import Model

/// One record of a population file, checked: what all agents made from it share.
public struct ProfileRecord: Sendable, Equatable {
    /// The record's id, distinct within a population.
    public let id: String
    /// Every field with its value at the start, readable texts of lists and maps included.
    public let values: [String: Value]
    /// Those of them that others may see.
    public let publicValues: [String: Value]

    /// A record of a type, from checked values. Fields that it lacks take their initial value.
    public init(id: String, values: [String: Value], type: AgentTypeDefinition) {
        self.id = id
        var all: [String: Value] = [:]
        var visible: [String: Value] = [:]
        for field in type.fields {
            guard let value = values[field.name] ?? field.initial, value != .null else { continue }
            var forms = [(field.name, value)]
            if let name = field.textName { forms.append((name, .text(value.readableText))) }
            for (name, form) in forms {
                all[name] = form
                if field.visibility == .everyone { visible[name] = form }
            }
        }
        self.values = all
        publicValues = visible
    }
}
