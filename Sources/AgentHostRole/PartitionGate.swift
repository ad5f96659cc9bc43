import ClusterLogic
import Model
import Support
import Wire

/// Lets asks wait until the asked agent's partition is ready for their round.
final class PartitionGate: Sendable {
    private struct Waiter {
        var lease: Lease
        var round: UInt32
        var continuation: CheckedContinuation<Problem?, Never>
    }

    private struct State {
        /// The round that is open, by lease that is held; 0 before the first.
        var open: [Lease: UInt32] = [:]
        var waiting: [Waiter] = []
        var isClosed = false
    }

    private let limit: Int
    private let state = Guarded(State())

    /// A gate at which at most so many asks wait.
    init(limit: Int = 65_536) { self.limit = limit }

    /// A lease is held from now on; asks may wait for it.
    func hold(_ lease: Lease) { state.withLock { $0.open[lease] = $0.open[lease] ?? 0 } }

    /// Whether the partition is ready for `round` under this lease, which is still held.
    func isOpen(_ lease: Lease, round: UInt32) -> Bool {
        state.withLock { $0.open[lease].map { $0 >= round } ?? false }
    }

    /// Waits until the partition is ready for `round` under this lease.
    /// - Throws: `Problem` when the lease is lost meanwhile or too many wait; the asker comes again.
    func pass(_ lease: Lease, round: UInt32) async throws {
        let problem = await withCheckedContinuation { continuation in
            let now = state.withLock { state -> Problem?? in
                if state.isClosed { return .some(Self.lost) }
                guard let open = state.open[lease] else { return .some(Self.lost) }
                if open >= round { return .some(nil) }
                guard state.waiting.count < limit else {
                    return .some(Problem(.overloaded, "\(limit) asks wait for their partitions already"))
                }
                state.waiting.append(Waiter(lease: lease, round: round, continuation: continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
        if let problem { throw problem }
    }

    /// The partition is ready for `round`, and for all before.
    func open(_ lease: Lease, round: UInt32) {
        let ready = take {
            if $0.open[lease] != nil { $0.open[lease] = round }
        } where: {
            $0.lease == lease && $0.round <= round
        }
        for waiter in ready { waiter.continuation.resume(returning: nil) }
    }

    /// The lease is lost: whoever waits has to look elsewhere.
    func close(_ lease: Lease) {
        let left = take {
            $0.open[lease] = nil
        } where: {
            $0.lease == lease
        }
        for waiter in left { waiter.continuation.resume(returning: Self.lost) }
    }

    /// Turns everybody away, for good.
    func closeAll() {
        let left = take {
            $0.isClosed = true
            $0.open = [:]
        } where: { _ in
            true
        }
        for waiter in left { waiter.continuation.resume(returning: Self.lost) }
    }

    /// What whoever asked for a lost partition is told.
    static let lost = Problem(.unavailable, "the partition went to another host")

    private func take(_ change: (inout State) -> Void, where matches: (Waiter) -> Bool) -> [Waiter] {
        state.withLock { state in
            change(&state)
            let taken = state.waiting.filter(matches)
            state.waiting.removeAll(where: matches)
            return taken
        }
    }
}
