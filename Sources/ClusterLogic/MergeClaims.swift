import Hashing
import Model

/// What the merge decided on a claim.
public struct ClaimDecision: Hashable, Sendable {
    /// Place of the claimant's tree in the merge, from 0; the environment's tree stands after all others.
    public var place: UInt64
    /// The claim's number among the tree's claims, from 0.
    public var number: UInt32
    /// Whose resource it is.
    public var owner: AgentID
    /// Who claims.
    public var claimant: AgentID
    /// The resource's name.
    public var resource: String
    /// How much of it.
    public var amount: Int64
    /// Whether it was granted.
    public var granted: Bool

    /// A decision with these parts.
    public init(
        place: UInt64, number: UInt32, owner: AgentID, claimant: AgentID, resource: String, amount: Int64,
        granted: Bool
    ) {
        self.place = place
        self.number = number
        self.owner = owner
        self.claimant = claimant
        self.resource = resource
        self.amount = amount
        self.granted = granted
    }
}

extension MergeCapacities {
    /// Decides the claims of the tree at `place`, in order, and follows its changes of fields. Trees are given in
    /// the order of the merge: who comes first is served first.
    public mutating func merge(_ tree: Tree, place: UInt64) throws -> [ClaimDecision] {
        var decisions: [ClaimDecision] = []
        for (source, targeted) in tree.orderedOperations {
            guard case .claim(let resource, let amount) = targeted.operation else {
                try apply(targeted.operation, to: targeted.target)
                continue
            }
            let granted = try claim(ResourceKey(owner: targeted.target, name: resource), amount: amount)
            decisions.append(
                ClaimDecision(
                    place: place, number: UInt32(decisions.count), owner: targeted.target, claimant: source,
                    resource: resource, amount: amount, granted: granted))
        }
        return decisions
    }
}

/// The digest of a round's merged state, chained to the previous round's: what was committed and decided, free of
/// run, host, partition, epoch and time.
public func roundDigest(
    previous: Digest256, round: UInt32, trees: [Digest256], claims: [ClaimDecision], environment: Digest256?
) -> Digest256 {
    HashBuilder.hash256(.round) { hash in
        hash.append(previous)
        hash.append(UInt64(round))
        hash.append(UInt64(trees.count))
        for tree in trees { hash.append(tree) }
        hash.append(UInt64(claims.count))
        for claim in claims {
            hash.append(claim.place)
            hash.append(UInt64(claim.number))
            hash.append(UInt64(claim.owner.number))
            hash.append(UInt64(claim.claimant.number))
            hash.append(claim.resource)
            hash.append(UInt64(claim.granted ? 1 : 0))
        }
        hash.append(UInt64(environment == nil ? 0 : 1))
        if let environment { hash.append(environment) }
    }
}
