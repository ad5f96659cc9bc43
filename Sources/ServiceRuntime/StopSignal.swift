import Support

/// Why a process is to end.
public enum StopReason: Sendable, Equatable {
    /// This signal arrived.
    case signal(Int32)
    /// The parent is gone.
    case lifelineClosed
    /// A part of the process asked for it.
    case requested
}

/// Tells all parts of a process that it is to end in good order. Set once; later reasons do not count.
public final class StopSignal: Sendable {
    private struct State {
        var reason: StopReason?
        var waiters: [UInt64: CheckedContinuation<StopReason?, Never>] = [:]
        var handlers: [@Sendable (StopReason) -> Void] = []
        var lastWaiter: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }
    private let state = Guarded(State())

    /// A signal that is not set.
    public init() {}

    /// Why the process is to end, nil while it is to run.
    public var reason: StopReason? { state.withLock { $0.reason } }

    /// Sets the signal, wakes everyone who waits, and runs the handlers.
    /// - Returns: False when it was set already.
    @discardableResult
    public func request(_ reason: StopReason) -> Bool {
        let first = state.withLock { state -> State? in
            guard state.reason == nil else { return nil }
            let before = state
            state = State(reason: reason)
            return before
        }
        guard let first else { return false }
        for waiter in first.waiters.values { waiter.resume(returning: reason) }
        for handler in first.handlers { handler(reason) }
        return true
    }

    /// Runs `handler` when the signal is set, or at once when it is.
    public func onRequest(_ handler: @escaping @Sendable (StopReason) -> Void) {
        let reason = state.withLock { state -> StopReason? in
            if state.reason == nil { state.handlers.append(handler) }
            return state.reason
        }
        if let reason { handler(reason) }
    }

    /// Waits until the signal is set; nil when the waiting task was cancelled.
    public func wait() async -> StopReason? {
        let waiter = state.withLock { state -> UInt64 in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> StopReason?? in
                    if let reason = state.reason { return .some(reason) }
                    if state.cancelled.remove(waiter) != nil { return .some(nil) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<StopReason?, Never>? in
                guard state.reason == nil else { return nil }
                if let continuation = state.waiters.removeValue(forKey: waiter) { return continuation }
                state.cancelled.insert(waiter)
                return nil
            }
            waiting?.resume(returning: nil)
        }
    }
}
