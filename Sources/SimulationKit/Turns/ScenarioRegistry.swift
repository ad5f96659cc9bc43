import Support

/// The scenarios that a process knows by name. A package with scenarios of its own builds its own agent-host with
/// its own registry.
public struct ScenarioRegistry: Sendable {
    /// The scenarios.
    public let types: [any Scenario.Type]

    /// A registry of these scenarios, whose names must be distinct.
    public init(_ types: [any Scenario.Type]) {
        precondition(Set(types.map { $0.name }).count == types.count, "two scenarios have the same name")
        self.types = types
    }

    /// A registry with these scenarios as well, whose names must be new.
    public func adding(_ more: [any Scenario.Type]) -> ScenarioRegistry { ScenarioRegistry(types + more) }

    /// All names, sorted.
    public var names: [String] { types.map { $0.name }.sorted() }

    /// The scenario of that name; an error with the nearest name where there is none.
    public func type(named name: String, at place: String) throws -> any Scenario.Type {
        if let type = types.first(where: { $0.name == name }) { return type }
        let near = NearestName.of(name, among: names).map { "did you mean \($0)? " } ?? ""
        throw UserError(
            "there is no scenario named \(name)", at: place,
            advice: "\(near)known scenarios: \(names.joined(separator: ", "))", exitCode: .configuration)
    }
}
