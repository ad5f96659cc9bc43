import Support

/// Work handed to a loop by other threads, with an eventfd that wakes the loop only when it sleeps.
final class LoopInbox: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        var work: [Work] = []
        var isSleeping = false
        var isClosed = false
    }

    private let state = Guarded(State())
    private let event: EventFD

    /// The descriptor that the loop polls.
    var descriptor: Int32 { event.descriptor }

    init() throws(UserError) { event = try EventFD() }

    /// Adds work; false when the inbox is closed.
    func add(_ work: @escaping Work) -> Bool {
        let (isAccepted, mustWake) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            state.work.append(work)
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        if mustWake { event.signal() }
        return isAccepted
    }

    /// Takes all work. When there is none and the inbox is open, notes that the loop is about to sleep.
    func take() -> (work: [Work], isClosed: Bool) {
        state.withLock { state in
            let work = state.work
            state.work = []
            state.isSleeping = work.isEmpty
            return (work, state.isClosed)
        }
    }

    /// Notes that the loop is awake, so that nobody needs to wake it.
    func awake() { state.withLock { $0.isSleeping = false } }

    /// Empties the descriptor after a wake-up.
    func drain() { event.drain() }

    /// Refuses further work and wakes the loop.
    func finish() {
        state.withLock { $0.isClosed = true }
        event.signal()
    }
}
