import Transport
import Wire

/// Follows the epochs that the recorder has acknowledged, and finds what it accepts under an older one (I3).
struct EpochWatch {
    /// A write, and the epoch in whose name it was sent.
    private struct Claim {
        var what: String
        /// The partition that it is about; nil where it is about the run.
        var partition: UInt32?
        var epoch: UInt64
    }

    private var run: UInt64 = 0
    private var partitions: [UInt32: UInt64] = [:]
    /// Writes under an older epoch that the recorder refused.
    private(set) var refused = 0

    /// The recorder has answered a request. Tells of a write that it should have refused.
    mutating func answered(_ request: Envelope, isAccepted: Bool) throws -> String? {
        let claim = try Self.claim(request)
        if let claim {
            let current = claim.partition.map { partitions[$0] ?? 0 } ?? run
            if claim.epoch < current {
                guard isAccepted else {
                    refused += 1
                    return nil
                }
                let place = claim.partition.map { "partition \($0)" } ?? "the run"
                return "I3: \(claim.what) accepted under epoch \(claim.epoch), \(place) is at \(current)"
            }
        }
        if isAccepted { try follow(request) }
        return nil
    }

    private mutating func follow(_ request: Envelope) throws {
        switch WireKind(rawValue: request.kind) {
        case .raiseEpoch: run = max(run, try RaiseEpoch(body: request.body).epoch)
        case .grantPartitions:
            for lease in try GrantPartitions(body: request.body).leases {
                partitions[lease.partition] = max(partitions[lease.partition] ?? 0, lease.epoch)
            }
        default: break
        }
    }

    private static func claim(_ request: Envelope) throws -> Claim? {
        switch WireKind(rawValue: request.kind) {
        case .planRound:
            let plan = try PlanRound(body: request.body)
            return Claim(what: "the plan of round \(plan.round)", partition: plan.partition, epoch: plan.epoch)
        case .commitTree:
            let commit = try CommitTree(body: request.body)
            return Claim(what: "the tree of \(commit.root)", partition: commit.partition, epoch: commit.epoch)
        case .storeSnapshot:
            let piece = try StoreSnapshot(body: request.body)
            return Claim(what: "a snapshot of round \(piece.round)", partition: piece.partition, epoch: piece.epoch)
        case .grantPartitions:
            return Claim(what: "a grant", epoch: try GrantPartitions(body: request.body).runEpoch)
        case .openRound:
            let step = try OpenRound(body: request.body)
            return Claim(what: "the opening of round \(step.round)", epoch: step.runEpoch)
        case .mergeRound:
            let step = try MergeRound(body: request.body)
            return Claim(what: "the merge of round \(step.round)", epoch: step.runEpoch)
        case .closeRound:
            let step = try CloseRound(body: request.body)
            return Claim(what: "the close of round \(step.round)", epoch: step.runEpoch)
        case .finishRun: return Claim(what: "the run's end", epoch: try FinishRun(body: request.body).runEpoch)
        default: return nil
        }
    }
}
