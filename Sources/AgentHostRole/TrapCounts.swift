import Model
import Support
import Wire

/// How often code of root turns of the round in progress was running when a process of any host trapped, as the
/// recorder says.
///
/// A turn whose code was running at two traps is suspect: wherever its code runs, that of turns below it included, no
/// other's does, so that another's trap is not taken for its own. One whose code was the only one at three is not run
/// any more.
final class TrapCounts: Sendable {
    /// Traps that make a turn suspect.
    static let suspicions: UInt32 = 2
    private let counts = Guarded<[TurnID: TrapCount]>([:])

    /// Takes over what somebody knows of the round. Counts only grow: what comes late takes nothing back.
    func update(_ known: [TrapCount]) {
        counts.withLock { counts in
            for count in known {
                let before = counts[count.root] ?? count
                counts[count.root] = TrapCount(
                    root: count.root, times: max(before.times, count.times), alone: max(before.alone, count.alone))
            }
        }
    }

    /// What is known of a turn.
    func count(of root: TurnID) -> TrapCount {
        counts.withLock { $0[root] } ?? TrapCount(root: root, times: 0, alone: 0)
    }

    /// Whether the turn's code is to run while no other's does.
    func isSuspect(_ root: TurnID) -> Bool { count(of: root).times >= Self.suspicions }

    /// Whether the turn's code is not to be run any more.
    func isGivenUp(_ root: TurnID) -> Bool { count(of: root).alone >= TurnFailure.mostTraps }

    /// Forgets all: a new round begins.
    func reset() { counts.withLock { $0 = [:] } }
}
