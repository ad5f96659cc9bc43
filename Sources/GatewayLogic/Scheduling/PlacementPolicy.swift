/// In which order calls are sent, and where.
public enum PlacementPolicy: String, Sendable, CaseIterable {
    /// Grouped by shared prefix, each group to the server that has it or has least to do.
    case prefix
    /// In order of arrival, to the server with the least prefill work.
    case leastWork = "least-work"
    /// In order of arrival, to one server after the other.
    case roundRobin = "round-robin"
}
