import Support

/// Time that stands still until a test moves it.
final class StandingTime: MonotonicClock {
    private struct Sleeper {
        var number: UInt64
        var until: Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(nanoseconds: 0)
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var last: UInt64 = 0
    }

    private let state = Guarded(State())

    func now() -> Instant { state.withLock { $0.now } }

    /// How many wait for time to pass.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Waits until time has passed.
    func pause(_ span: Span) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return true }
                    state.sleepers.append(
                        Sleeper(number: number, until: state.now + span, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let place = state.sleepers.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.sleepers.remove(at: place)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Lets time pass; whoever has waited long enough goes on.
    func advance(_ span: Span) {
        let due = state.withLock { state in
            state.now = state.now + span
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
