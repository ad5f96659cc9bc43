import Support

/// Lets tasks wait until a round has begun.
final class RoundGate: Sendable {
    private struct State {
        var open: UInt32 = 0
        var waiting: [(round: UInt32, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Guarded(State())

    /// Waits until `round` or a later one is open.
    func pass(_ round: UInt32) async {
        await withCheckedContinuation { continuation in
            let open = state.withLock { state in
                if state.open >= round { return true }
                state.waiting.append((round, continuation))
                return false
            }
            if open { continuation.resume() }
        }
    }

    /// Opens `round` for everybody who waits for it or an earlier one.
    func open(_ round: UInt32) {
        let ready = state.withLock { state in
            state.open = max(state.open, round)
            let ready = state.waiting.filter { $0.round <= round }
            state.waiting.removeAll { $0.round <= round }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}
