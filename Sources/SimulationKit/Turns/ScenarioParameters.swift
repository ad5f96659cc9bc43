/// A parameter that a scenario accepts from the configuration.
public struct ParameterDefinition: Sendable, Equatable {
    /// What values a parameter takes.
    public enum Kind: Sendable, Equatable {
        /// A whole number within a range.
        case int(default: Int, ClosedRange<Int>)
        /// True or false.
        case bool(default: Bool)
        /// A text.
        case text(default: String)
        /// A document of its own, which the scenario reads: YAML that stands in the configuration under `scenario`.
        case document
    }

    /// Its key.
    public var name: String
    /// Its values.
    public var kind: Kind
    /// What it does, in one sentence.
    public var about: String

    /// A parameter.
    public init(_ name: String, _ kind: Kind, about: String) {
        self.name = name
        self.kind = kind
        self.about = about
    }
}

/// Checked values of a scenario's parameters.
public struct ScenarioParameters: Sendable, Equatable {
    /// A parameter's value.
    public enum Setting: Sendable, Equatable {
        /// A whole number.
        case int(Int)
        /// A truth value.
        case bool(Bool)
        /// A text.
        case text(String)
    }

    /// What errors within a document name as their file: whoever reads the configuration puts the file's own name
    /// there.
    public static let documentName = "scenario"

    private var settings: [String: Setting]

    /// The defaults of `definitions`, overridden by `settings`, which must be checked already.
    public init(definitions: [ParameterDefinition], settings: [String: Setting] = [:]) {
        var all: [String: Setting] = [:]
        for definition in definitions {
            switch definition.kind {
            case .int(let value, _): all[definition.name] = .int(value)
            case .bool(let value): all[definition.name] = .bool(value)
            case .text(let value): all[definition.name] = .text(value)
            case .document: all[definition.name] = .text("")
            }
        }
        self.settings = all.merging(settings) { $1 }
    }

    /// The whole number under `name`, which the scenario must have declared as one.
    public func int(_ name: String) -> Int {
        guard case .int(let value)? = settings[name] else {
            preconditionFailure("the scenario did not declare \(name) as a whole number")
        }
        return value
    }

    /// The truth value under `name`, which the scenario must have declared as one.
    public func bool(_ name: String) -> Bool {
        guard case .bool(let value)? = settings[name] else {
            preconditionFailure("the scenario did not declare \(name) as true or false")
        }
        return value
    }

    /// The text under `name`, which the scenario must have declared as one.
    public func text(_ name: String) -> String {
        guard case .text(let value)? = settings[name] else {
            preconditionFailure("the scenario did not declare \(name) as a text")
        }
        return value
    }
}
