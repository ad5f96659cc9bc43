import Model
import Support

/// Decides when code of turns runs in this process: any number at a time, but code of a suspect root turn, or of turns
/// below it, only while no other root's does.
///
/// A turn is inside only while its code runs, as in the trap log, not while it waits for a call. So whoever is inside
/// waits for nobody outside, here or on another host, and nobody waits in circles. Who comes first enters first:
/// neither suspects nor the others starve.
final class CodeGate: Sendable {
    private struct Waiter {
        var root: TurnID
        var isSuspect: Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        /// How many pieces of a root's code are inside.
        var inside: [TurnID: Int] = [:]
        /// The suspect that is inside.
        var suspect: TurnID?
        var waiting: [Waiter] = []

        mutating func admits(_ root: TurnID, isSuspect: Bool) -> Bool {
            let others = inside.count - (inside[root] == nil ? 0 : 1)
            guard isSuspect ? others == 0 : suspect == nil else { return false }
            inside[root, default: 0] += 1
            if isSuspect { suspect = root }
            return true
        }

        mutating func enters(_ root: TurnID, isSuspect: Bool) -> Bool {
            waiting.isEmpty && admits(root, isSuspect: isSuspect)
        }

        mutating func leaves(_ root: TurnID) {
            guard let count = inside[root] else { return }
            inside[root] = count > 1 ? count - 1 : nil
            if count == 1, suspect == root { suspect = nil }
        }
    }

    private let state = Guarded(State())

    /// Code of a root turn, or of a turn below it, is to run: waits until it may.
    func enter(_ root: TurnID, isSuspect: Bool) async {
        // Almost always: nobody is suspect.
        if state.withLock({ $0.enters(root, isSuspect: isSuspect) }) { return }
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                if state.enters(root, isSuspect: isSuspect) { return true }
                state.waiting.append(Waiter(root: root, isSuspect: isSuspect, continuation: continuation))
                return false
            }
            if mayEnter { continuation.resume() }
        }
    }

    /// It has come to an end, or waits.
    func leave(_ root: TurnID) {
        let next = state.withLock { state in
            state.leaves(root)
            let count = state.waiting.firstIndex { !state.admits($0.root, isSuspect: $0.isSuspect) }
            let next = state.waiting.prefix(count ?? state.waiting.count)
            state.waiting.removeFirst(next.count)
            return next
        }
        for waiter in next { waiter.continuation.resume() }
    }
}
