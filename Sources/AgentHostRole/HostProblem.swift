import ServiceRuntime
import SimulationKit
import Wire

/// What the coordinator is told of an error that keeps a host from going on.
enum HostProblem {
    /// The problem behind an error. An interruption counts: without it the coordinator would wait for a round that
    /// never ends. Where a service's problem was reported before, that first report is the one that people see.
    static func of(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let interrupted as TurnInterrupted:
            Problem(.unavailable, "turns were interrupted: \(interrupted.reason)", advice: "see the host's log")
        default: Problem(.invalid, "\(error)", advice: "see the host's log")
        }
    }
}
