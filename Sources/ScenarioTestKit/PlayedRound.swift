import Model

/// What a round came to that a test has played without processes.
public protocol PlayedRound {
    /// The trees of its turns, in the order of the merge.
    var trees: [Tree] { get }
}

extension PlayedRound {
    /// All operations, in the order of the merge.
    public var operations: [TargetedOperation] { trees.flatMap { $0.orderedOperations.map(\.operation) } }

    /// What was noted of an event, each time.
    public func events(_ name: String) -> [Value] {
        operations.compactMap { operation in
            if case .event(name, let details) = operation.operation { details } else { nil }
        }
    }

    /// Memories written, by agent.
    public var memories: [AgentID: [String]] {
        operations.reduce(into: [:]) { memories, operation in
            if case .remember(let text, _) = operation.operation {
                memories[operation.target, default: []].append(text)
            }
        }
    }
}
