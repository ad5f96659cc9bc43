import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// Sends outcomes to the recorder as they become known, in batches, without making any turn wait.
///
/// A commit flushes first: on one connection messages keep their order, so a tree's own outcomes stand before its
/// commit. What no commit follows soon goes out after a short while, so that little is lost with the host.
final class OutcomeStream: Sendable {
    private struct Buffer {
        var outcomes: [OutcomeRecord] = []
        var bytes = 0
        var timerRuns = false
    }

    private let recorder: WireClient
    private let launcher: TaskLauncher
    private let pause: @Sendable () async throws -> Void
    private let failed: @Sendable (any Error) -> Void
    private let buffer = Guarded(Buffer())

    /// Outcomes in one message at most.
    private static let batch = 512
    /// Bytes in one message, about: far below what a message may have, however long texts and vectors are.
    private static let batchBytes = 4 << 20

    /// `pause` waits between an outcome and the flush that no commit triggered.
    init(
        recorder: WireClient, launcher: TaskLauncher, pause: @escaping @Sendable () async throws -> Void,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.recorder = recorder
        self.launcher = launcher
        self.pause = pause
        self.failed = failed
    }

    /// Adds an outcome.
    func append(_ outcome: OutcomeRecord) {
        let (full, startTimer) = buffer.withLock { buffer in
            buffer.outcomes.append(outcome)
            buffer.bytes += outcome.estimatedBytes
            let start = !buffer.timerRuns
            buffer.timerRuns = true
            return (buffer.outcomes.count >= Self.batch || buffer.bytes >= Self.batchBytes, start)
        }
        if full { flush() }
        if startTimer {
            launcher.launch { [self] in
                try? await pause()
                buffer.withLock { $0.timerRuns = false }
                flush()
            }
        }
    }

    /// Hands everything so far to the connection, in order.
    func flush() {
        // Under the lock, so that two flushes cannot overtake one another on their way to the connection.
        buffer.withLock { buffer in
            guard !buffer.outcomes.isEmpty else { return }
            let outcomes = buffer.outcomes
            buffer.outcomes = []
            buffer.bytes = 0
            send(outcomes)
        }
    }

    /// What is paid for is not dropped because a recorder is busy: it goes out once more, after the pause.
    private func send(_ outcomes: [OutcomeRecord]) {
        recorder.request(RecordOutcomes(outcomes: outcomes), expecting: Acknowledged.self) { [self] result in
            guard case .failure(let error) = result else { return }
            // At the end of the process nobody is left to tell.
            if case TransportError.closed = error { return }
            guard Self.isTemporary(error) else { return failed(error) }
            launcher.launch { [self] in
                try? await pause()
                send(outcomes)
            }
        }
    }

    private static func isTemporary(_ error: any Error) -> Bool {
        switch error {
        case let problem as Problem: problem.code == .overloaded || problem.code == .unavailable
        case TransportError.overloaded: true
        case TransportError.refused(let refusal): refusal.code == .credit
        default: false
        }
    }
}
