import Model

/// A field of a profile, as the scenario declares it.
public struct FieldDefinition: Sendable, Equatable {
    /// Who may see a field.
    public enum Visibility: Sendable, Equatable {
        /// The agent itself and every other.
        case everyone
        /// The agent alone.
        case owner
    }

    /// Whether a field can change.
    public enum Mutability: Sendable, Equatable {
        /// Never: it stands in the part of the prompt that caches live on.
        case fixed
        /// By turns; the population gives the value at the start.
        case dynamic
    }

    /// What values a field takes.
    public enum Kind: String, Sendable, Equatable {
        /// A text.
        case text
        /// A whole number.
        case int = "whole number"
        /// Any number.
        case number
        /// True or false.
        case bool = "truth value"
        /// Values in order.
        case list
        /// Values by name.
        case map

        /// Whether `value` is one of these.
        public func accepts(_ value: Value) -> Bool {
            switch (self, value) {
            case (.text, .text), (.int, .int), (.number, .int), (.number, .double), (.bool, .bool), (.list, .list),
                (.map, .map):
                true
            default: false
            }
        }
    }

    /// Its name, in records and templates.
    public var name: String
    /// Its values.
    public var kind: Kind
    /// Who may see it.
    public var visibility: Visibility
    /// Whether it can change.
    public var mutability: Mutability
    /// Its value where a record gives none; nil where every record must give one.
    public var initial: Value?
    /// Other names under which population files give it.
    public var aliases: [String]

    /// What names of the kit's own fields begin with; no field of a scenario or a configuration may be called so.
    public static let reservedPrefix = "gensim."

    /// Whether a name is one of the kit's own fields.
    public static func isReserved(_ name: String) -> Bool { name.utf8.starts(with: reservedPrefix.utf8) }

    /// A field; see the properties. `initial` of `.null` makes a field optional.
    public init(
        _ name: String, _ kind: Kind, visibility: Visibility = .owner, mutability: Mutability = .fixed,
        initial: Value? = nil, aliases: [String] = []
    ) {
        precondition(!Self.isReserved(name), "fields that begin with \(Self.reservedPrefix) are the kit's own")
        self.name = name
        self.kind = kind
        self.visibility = visibility
        self.mutability = mutability
        self.initial = initial
        self.aliases = aliases
    }

    /// Name under which a list or map is found as readable text, for templates: `cv` as `cv_text`.
    public var textName: String? { kind == .list || kind == .map ? "\(name)_text" : nil }
}
