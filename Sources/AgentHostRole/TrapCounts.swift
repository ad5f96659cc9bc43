import Model
import Support
import Wire

/// How often code of root turns of the round in progress was running when a process of any host trapped, as the
/// recorder says.
///
/// A turn whose code was running at two traps is run while nothing else runs on its host, so that another's trap is not
/// taken for its own; one whose code was the only one at three is not run any more.
final class TrapCounts: Sendable {
    /// Traps after which a turn runs alone.
    static let suspicions: UInt32 = 2
    private let counts = Guarded<[TurnID: TrapCount]>([:])

    /// Takes over what the recorder says of the round.
    func update(_ traps: Traps) {
        counts.withLock { $0 = Dictionary(traps.counts.map { ($0.root, $0) }) { $1 } }
    }

    /// Whether the turn is to run alone.
    func isSuspect(_ root: TurnID) -> Bool {
        counts.withLock { ($0[root]?.times ?? 0) >= Self.suspicions } && !isGivenUp(root)
    }

    /// Whether the turn's code is not to be run any more.
    func isGivenUp(_ root: TurnID) -> Bool { counts.withLock { ($0[root]?.alone ?? 0) >= TurnFailure.mostTraps } }

    /// Forgets all: a new round begins.
    func reset() { counts.withLock { $0 = [:] } }
}
