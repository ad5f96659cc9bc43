import Support

/// The way from all threads to a node's thread: commands, taken in batches, and one wake-up for many.
final class Outbox: Sendable {
    private struct State {
        var commands: [Command] = []
        var isReaderAsleep = false
        var isClosed = false
        var lastNumber: UInt64 = 0
    }

    /// Readable when the thread should look.
    let wakeUp: EventFD
    private let state = Guarded(State())

    init() throws(UserError) { wakeUp = try EventFD() }

    /// A number that was not given before: for correlations and ports.
    func nextNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    /// Hands over a command; false when the thread takes none any more.
    @discardableResult func push(_ command: Command) -> Bool {
        let (isTaken, wakes) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.commands.append(command)
            let wakes = state.isReaderAsleep
            state.isReaderAsleep = false
            return (true, wakes)
        }
        if wakes { wakeUp.signal() }
        return isTaken
    }

    /// Takes all commands, leaving `spare`, which is empty, to collect the next ones.
    func take(spare: [Command]) -> [Command] {
        state.withLock { state in
            state.isReaderAsleep = false
            let taken = state.commands
            state.commands = spare
            return taken
        }
    }

    /// Announces that the thread is about to wait; false when it should not, since commands are there.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            state.isReaderAsleep = state.commands.isEmpty
            return state.isReaderAsleep
        }
    }

    /// Takes no more commands and returns the last ones.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            let taken = state.commands
            state.commands = []
            return taken
        }
    }
}
