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
    /// Calls that reached a model server after the recorder had acknowledged their outcome.
    private(set) var paidAgain = 0
    private(set) var closedRounds: UInt32 = 0
    private var epochs: [UInt32: UInt64] = [:]
    /// What happened to calls, for a run that is looked into; nil where nobody asked for it.
    var history: [String]?
    var now: () -> Double = { 0 }

    /// Notes down something for a person who looks into a run.
    func tell(_ line: @autoclosure () -> String) {
        guard history != nil else { return }
        history?.append("\(now()): \(line())")
    }
    private var runEpoch: UInt64 = 0

    func violated(_ what: String) { violations.append(what) }

    /// A model server has given an answer.
    func modelAnswered(_ paid: Paid) { answered[paid, default: 0] += 1 }

    /// A call has reached a model server.
    func modelAsked(_ paid: Paid) {
        tell("model asked \(paid.call)")
        guard acknowledged[paid] != nil else { return }
        paidAgain += 1
        tell("PAID AGAIN \(paid.call)")
    }

    /// An answer leaves the recorder: from now on what it acknowledges is durable.
    func recorderAnswered(_ request: Envelope, with answer: Envelope) {
        guard answer.kind != WireKind.failed.rawValue else { return }
        do {
            switch WireKind(rawValue: request.kind) {
            case .recordOutcomes: outcomesAcknowledged(try RecordOutcomes(body: request.body))
            case .commitTree: try commitAnswered(try CommitTree(body: request.body), answer)
            case .planRound: planAcknowledged(try PlanRound(body: request.body))
            case .grantPartitions:
                for lease in try GrantPartitions(body: request.body).leases {
                    tell("granted \(lease)")
                    epochs[lease.partition] = max(epochs[lease.partition] ?? 0, lease.epoch)
                }
            case .raiseEpoch: runEpoch = max(runEpoch, try RaiseEpoch(body: request.body).epoch)
            case .closeRound:
                let close = try CloseRound(body: request.body)
                closedRounds = max(closedRounds, close.round)
            default: break
            }
        } catch {
            violated("a message at the recorder cannot be read: \(error)")
        }
    }

    private func outcomesAcknowledged(_ message: RecordOutcomes) {
        for outcome in message.outcomes {
            guard case .completion(_, let completion) = outcome.content else { continue }
            let key = Paid(call: outcome.call, request: outcome.request)
            tell("acknowledged \(outcome.call) of root \(outcome.root) in partition \(outcome.partition)")
            if acknowledged[key] == nil { acknowledged[key] = completion.resultHash }
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
        if let current = epochs[commit.partition], commit.epoch < current {
            violated("I3: partition \(commit.partition) committed under epoch \(commit.epoch), \(current) was granted")
        }
        if let known = committed[commit.root], known != commit.tree {
            violated("I2: root turn \(commit.root) committed twice, with another tree")
        }
        committed[commit.root] = commit.tree
    }
}
