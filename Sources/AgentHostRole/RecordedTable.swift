import ClusterLogic
import Model
import Support

/// Outcomes that an earlier run of root turns left in the recorder: given back once, when the root runs.
final class RecordedTable: Sendable {
    private struct Entry {
        var lease: Lease
        var outcomes: [CallID: RecordedOutcome] = [:]
    }

    private let entries = Guarded<[TurnID: Entry]>([:])

    /// Keeps outcomes of a partition's roots.
    func add(_ outcomes: [OutcomeRecord], _ lease: Lease) {
        entries.withLock { entries in
            for outcome in outcomes {
                entries[outcome.root, default: Entry(lease: lease)].outcomes[outcome.call] =
                    RecordedOutcome(outcome)
            }
        }
    }

    /// Keeps again what was taken out for a root.
    func putBack(_ outcomes: [CallID: RecordedOutcome], of root: TurnID, _ lease: Lease) {
        guard !outcomes.isEmpty else { return }
        entries.withLock { $0[root, default: Entry(lease: lease)].outcomes.merge(outcomes) { $1 } }
    }

    /// Takes out what is kept for a root.
    func take(_ root: TurnID) -> [CallID: RecordedOutcome] {
        entries.withLock { $0.removeValue(forKey: root) }?.outcomes ?? [:]
    }

    /// Forgets what belongs to a lost lease.
    func drop(_ lease: Lease) { entries.withLock { $0 = $0.filter { $0.value.lease != lease } } }

    /// Forgets all: a new round begins.
    func reset() { entries.withLock { $0 = [:] } }
}
