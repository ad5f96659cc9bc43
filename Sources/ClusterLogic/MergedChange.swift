import Model

/// An operation in its place in a round's merge, ready to be applied to its target.
public struct MergedChange: Hashable, Sendable {
    /// The agent whose turn asked for it; for the two results of a claim, the claimant.
    public var source: AgentID
    /// The agent that it changes.
    public var target: AgentID
    /// What changes.
    public var operation: Operation

    /// A change of `target` that a turn of `source` asked for.
    public init(source: AgentID, target: AgentID, operation: Operation) {
        self.source = source
        self.target = target
        self.operation = operation
    }
}

extension MergedChange {
    /// What the agents receive of a committed tree, in order.
    ///
    /// Events stay with the recorder. A granted claim becomes a subtraction from the owner's field and an answer to
    /// the claimant; a refused one becomes the answer alone. `granted` holds the decisions on the tree's claims in
    /// their order; a claim without a decision counts as refused.
    public static func delivered(by tree: Tree, granted: [Bool]) -> [MergedChange] {
        var changes: [MergedChange] = []
        var claims = granted.makeIterator()
        for (source, targeted) in tree.orderedOperations {
            switch targeted.operation {
            case .event:
                continue
            case .claim(let resource, let amount):
                let isGranted = claims.next() ?? false
                if isGranted {
                    changes.append(
                        MergedChange(
                            source: source, target: targeted.target,
                            operation: .add(field: resource, amount: -amount)))
                }
                changes.append(
                    MergedChange(
                        source: source, target: source,
                        operation: .claimResult(owner: targeted.target, resource: resource, granted: isGranted)))
            case .set, .add, .append, .remember, .message, .consolidate, .claimResult, .relate:
                changes.append(
                    MergedChange(source: source, target: targeted.target, operation: targeted.operation))
            }
        }
        return changes
    }
}
