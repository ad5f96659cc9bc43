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

    /// Runs `operation` until it succeeds or a person must act.
    func patiently<Result: Sendable>(_ operation: @Sendable () async throws -> Result) async throws -> Result {
        var tries = 0
        while true {
            do {
                return try await operation()
            } catch let problem as Problem {
                switch problem.code {
                case .overloaded, .unavailable:
                    try await pause(tries)
                    tries += 1
                case .misconfigured, .storage, .invalid, .notFound, .conflict:
                    report(problem)
                    throw TurnInterrupted(reason: problem.what)
                case .fenced:
                    throw TurnInterrupted(reason: problem.what)
                }
            } catch TransportError.overloaded {
                // So much waits on our side already; it flows off.
                try await pause(tries)
                tries += 1
            }
        }
    }
}
