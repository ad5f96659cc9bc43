/// Number of an agent in its run's population, from 0 in the population's order.
///
/// The population is fixed when a run starts, so the number is as stable as the textual id and far smaller. Nothing
/// is ever ordered or partitioned by it: order and partition follow hashes of the id text.
public struct AgentID: Hashable, Sendable, CustomStringConvertible {
    /// Position in the population; `UInt32.max` is the environment.
    public var number: UInt32

    /// The agent at that position.
    public init(number: UInt32) { self.number = number }

    /// The environment, an agent in a partition of its own.
    public static let environment = AgentID(number: .max)

    public var description: String { self == .environment ? "environment" : "#\(number)" }
}
