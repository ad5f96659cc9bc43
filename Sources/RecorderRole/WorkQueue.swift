import Support

/// What the socket's thread hands to the writer's, bounded.
final class WorkQueue: Sendable {
    private struct State {
        var work: [PendingWork] = []
        var isClosed = false
    }

    /// Readable while there is something to take.
    let wake: EventFD
    private let limit: Int
    private let state = Guarded(State())

    /// A queue that holds at most `limit` pieces of work.
    init(limit: Int) throws(UserError) {
        self.limit = limit
        wake = try EventFD()
    }

    /// Adds work; false when the queue is full or closed.
    func push(_ work: PendingWork) -> Bool {
        let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed, state.work.count < limit else { return (false, false) }
            state.work.append(work)
            return (true, state.work.count == 1)
        }
        if isFirst { wake.signal() }
        return isTaken
    }

    /// Takes no more work.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    /// Takes everything out, and tells whether nothing more will come.
    func takeAll() -> (work: [PendingWork], isClosed: Bool) {
        wake.drain()
        return state.withLock { state in
            defer { state.work = [] }
            return (state.work, state.isClosed)
        }
    }

    /// Number of pieces that wait.
    var count: Int { state.withLock { $0.work.count } }
}
