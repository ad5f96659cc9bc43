/// How much an agent remembers, and how: a policy, told from others by its type.
public struct MemoryKind: Sendable, Equatable, CustomStringConvertible {
    let policy: any MemoryPolicy

    /// The kind whose agents remember by such a policy.
    public init(_ type: any MemoryPolicy.Type) { policy = type.init() }

    /// The name under which a configuration asks for it.
    public var name: String { type(of: policy).name }
    /// Whether entries that fall out of short-term memory are kept.
    public var keepsLongTerm: Bool { policy.keepsLongTerm }
    /// Whether agents draw insights from what they keep.
    public var reflects: Bool { policy.reflects }

    /// Nothing.
    public static let none = MemoryKind(NoMemory.self)
    /// The newest entries; what they push out is forgotten.
    public static let short = MemoryKind(ShortMemory.self)
    /// The newest entries, and older ones as they come to mind.
    public static let shortLong = MemoryKind(ShortLongMemory.self)
    /// The same, with insights drawn from older entries.
    public static let shortLongReflection = MemoryKind(ReflectingMemory.self)
    /// What every scenario can have.
    public static let builtIn: [MemoryKind] = [.none, .short, .shortLong, .shortLongReflection]

    public var description: String { name }

    public static func == (left: MemoryKind, right: MemoryKind) -> Bool {
        ObjectIdentifier(type(of: left.policy)) == ObjectIdentifier(type(of: right.policy))
    }
}
