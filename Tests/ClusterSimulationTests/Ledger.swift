import Hashing
import Model
import Transport
import Wire

/// What an observer of the whole cluster notes down, and what must never happen.
final class Ledger: @unchecked Sendable {
    /// A call under the request that was made.
    struct Paid: Hashable {
        var call: CallID
        var request: Digest128
    }

    /// What went wrong first; empty while all is well.
    private(set) var violations: [String] = []
    /// Results of outcomes that the recorder acknowledged.
    private(set) var acknowledged: [Paid: Digest128] = [:]
    /// Content of trees that the recorder acknowledged.
    private(set) var committed: [TurnID: [UInt8]] = [:]
    /// How often the model servers answered each call; rejected answers count too.
    private(set) var answered: [Paid: Int] = [:]
    /// Calls whose outcome a gateway has had since the last one started.
    private var completed: Set<Paid> = []
    /// Calls that reached a model server although their outcome was durable, or with a gateway that lives.
    private(set) var paidAgain = 0
    private(set) var closedRounds: UInt32 = 0
    /// Partitions that were ever granted, and those that were granted anew since the last round closed.
    private var granted: Set<UInt32> = []
    private var inherited: Set<UInt32> = []
    private(set) var epochs = EpochWatch()
    /// Snapshots that were read with heads which are newer than their last complete one.
    private(set) var headsAhead = 0
    /// Hears of each milestone.
    var reached: (Milestone) -> Void = { _ in }
    /// What happened to calls, for a run that is looked into; nil where nobody asked for it.
    var history: [String]?
    var now: () -> Double = { 0 }

    /// Notes down something for a person who looks into a run.
    func tell(_ line: @autoclosure () -> String) {
        guard history != nil else { return }
        history?.append("\(now()): \(line())")
    }

    func violated(_ what: String) { violations.append(what) }

    /// A model server has given an answer.
    func modelAnswered(_ paid: Paid) { answered[paid, default: 0] += 1 }

    /// The gateway has the outcome of a call, and answers with it.
    func gatewayCompleted(_ paid: Paid) {
        tell("gateway completed \(paid.call)")
        if completed.insert(paid).inserted { reached(.completed) }
    }

    /// What only the gateway had is gone.
    func gatewayDied() { completed = [] }

    /// A call has reached a model server.
    func modelAsked(_ paid: Paid) {
        tell("model asked \(paid.call)")
        guard acknowledged[paid] != nil || completed.contains(paid) else { return }
        paidAgain += 1
        tell("PAID AGAIN \(paid.call)")
    }

    /// An answer leaves the recorder: from now on what it acknowledges is durable.
    func recorderAnswered(_ request: Envelope, with answer: Envelope) {
        do {
            let isAccepted = try answer.kind != WireKind.failed.rawValue && !isRerun(answer)
            if let violation = try epochs.answered(request, isAccepted: isAccepted) { violated(violation) }
            guard answer.kind != WireKind.failed.rawValue else { return }
            switch WireKind(rawValue: request.kind) {
            case .recordOutcomes: outcomesAcknowledged(try RecordOutcomes(body: request.body))
            case .commitTree: try commitAnswered(try CommitTree(body: request.body), answer)
            case .planRound: planAcknowledged(try PlanRound(body: request.body))
            case .grantPartitions:
                for lease in try GrantPartitions(body: request.body).leases {
                    tell("granted \(lease)")
                    if !granted.insert(lease.partition).inserted { inherited.insert(lease.partition) }
                }
                reached(.granted)
            case .fetchOutcomes:
                let fetch = try FetchOutcomes(body: request.body)
                if inherited.contains(fetch.partition) { reached(.inheritedFetched) }
            case .storeSnapshot:
                let piece = try StoreSnapshot(body: request.body)
                tell("snapshot of round \(piece.round) of partition \(piece.partition): \(piece.agents.map(\.agent))")
                if !piece.isLast { reached(.pieceStored) }
            case .loadSnapshot:
                let page = try SnapshotPage(body: answer.body)
                if page.agents.contains(where: { $0.round > page.round }) { headsAhead += 1 }
            case .closeRound:
                let close = try CloseRound(body: request.body)
                closedRounds = max(closedRounds, close.round)
                inherited = []
            default: break
            }
        } catch {
            violated("a message at the recorder cannot be read: \(error)")
        }
    }

    private func isRerun(_ answer: Envelope) throws -> Bool {
        try answer.kind == WireKind.commitResult.rawValue && CommitResult(body: answer.body).verdict == .rerun
    }

    private func outcomesAcknowledged(_ message: RecordOutcomes) {
        for outcome in message.outcomes {
            guard case .completion(_, let completion) = outcome.content else { continue }
            let key = Paid(call: outcome.call, request: outcome.request)
            tell("acknowledged \(outcome.call) of root \(outcome.root) in partition \(outcome.partition)")
            guard acknowledged[key] == nil else { continue }
            acknowledged[key] = completion.resultHash
            guard committed[outcome.root] == nil else { continue }
            reached(.acknowledged)
            guard outcome.call.turn != outcome.root else { continue }
            reached(.passiveAcknowledged)
            if inherited.contains(outcome.partition) { reached(.inheritedPassiveAcknowledged) }
        }
    }

    private func planAcknowledged(_ plan: PlanRound) {
        if plan.round > closedRounds + 1 {
            violated("I4: partition \(plan.partition) planned round \(plan.round) after round \(closedRounds)")
        }
    }

    private func commitAnswered(_ commit: CommitTree, _ answer: Envelope) throws {
        let verdict = try CommitResult(body: answer.body).verdict
        tell("commit \(commit.root) under \(commit.epoch): \(verdict)")
        guard verdict != .rerun else { return }
        if commit.round > closedRounds + 1 {
            violated("I4: a tree of round \(commit.round) committed after round \(closedRounds)")
        }
        guard verdict == .committed else { return }
        if let known = committed[commit.root], known != commit.tree {
            violated("I2: root turn \(commit.root) committed twice, with another tree")
        }
        committed[commit.root] = commit.tree
    }
}
