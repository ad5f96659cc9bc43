import ClusterLogic
import Model
import Support

/// Outcomes that an earlier run of root turns left in the recorder: given back once, when the root runs.
final class RecordedTable: Sendable {
    private struct Entry {
        var lease: Lease
        var outcomes: [CallID: RecordedOutcome] = [:]
    }

    private struct State {
        var entries: [TurnID: Entry] = [:]
        var interrupted: [TurnID: Lease] = [:]
    }

    private let state = Guarded(State())

    /// Keeps outcomes of a partition's roots.
    func add(_ outcomes: [OutcomeRecord], _ lease: Lease) {
        state.withLock { state in
            for outcome in outcomes {
                state.entries[outcome.root, default: Entry(lease: lease)].outcomes[outcome.call] =
                    RecordedOutcome(outcome)
            }
        }
    }

    /// A run of a root has ended without a commit: what is recorded of it by now is more than what is kept here, and
    /// the gateway that knows its calls may be gone when it runs again.
    func interrupted(_ root: TurnID, _ lease: Lease) { state.withLock { $0.interrupted[root] = lease } }

    /// Takes out what is kept for a root; nil where it was interrupted before, and the recorder knows better.
    func take(_ root: TurnID) -> [CallID: RecordedOutcome]? {
        state.withLock { state in
            let kept = state.entries.removeValue(forKey: root)?.outcomes
            return state.interrupted.removeValue(forKey: root) == nil ? kept ?? [:] : nil
        }
    }

    /// Forgets what belongs to a lost lease.
    func drop(_ lease: Lease) {
        state.withLock { state in
            state.entries = state.entries.filter { $0.value.lease != lease }
            state.interrupted = state.interrupted.filter { $0.value != lease }
        }
    }

    /// Forgets all: a new round begins.
    func reset() { state.withLock { $0 = State() } }
}
