import ClusterLogic
import Model
import SimulationKit
import Support
import Transport
import Wire

/// What a host does when a service cannot answer now: it waits. Timeouts, overload and lost processes never fail a
/// turn; what only a person can mend is reported and interrupts it.
struct ServiceRetry: Sendable {
    /// Waits before the next try; the argument counts tries from 0.
    var pause: @Sendable (Int) async throws -> Void
    /// Tells the coordinator of a problem that stops the run.
    var report: @Sendable (Problem) -> Void
    /// Hears that the recorder knows a newer lease than this one.
    var fenced: @Sendable (Lease) -> Void = { _ in }
    /// The lease under which requests are made; nil for those that need none.
    var lease: Lease?

    /// The same for requests under a lease.
    func under(_ lease: Lease) -> ServiceRetry {
        var copy = self
        copy.lease = lease
        return copy
    }

    /// Runs `operation` until it succeeds or a person must act.
    /// - Throws: `TurnInterrupted`, `CancellationError`; and what says something about the request itself, and is the
    ///   same on every try: `TurnFailed` and `TransportError.tooLarge`.
    func patiently<Result: Sendable>(_ operation: @Sendable () async throws -> Result) async throws -> Result {
        var tries = 0
        while true {
            do {
                return try await operation()
            } catch {
                try judge(error)
            }
            try await pause(tries)
            tries += 1
        }
    }

    /// Returns where the same request may succeed later.
    private func judge(_ error: any Error) throws {
        switch error {
        case let problem as Problem:
            switch problem.code {
            case .overloaded, .unavailable: return
            case .fenced:
                if let lease { fenced(lease) }
                throw TurnInterrupted(reason: problem.what, isKnown: true)
            case .misconfigured, .storage, .invalid, .notFound, .conflict:
                report(problem)
                throw TurnInterrupted(reason: problem.what, isKnown: true)
            }
        case TransportError.overloaded:
            // So much waits on our side already; it flows off.
            return
        case TransportError.refused(let refusal) where refusal.code == .credit: return
        case TransportError.closed: throw TurnInterrupted(reason: "the host leaves", isKnown: true)
        case is TurnInterrupted, is CancellationError, is TurnFailed, TransportError.tooLarge: throw error
        default:
            // No answer that can be read: never a turn's own failure.
            let problem = HostProblem.of(error)
            report(problem)
            throw TurnInterrupted(reason: problem.what, isKnown: true)
        }
    }
}
