import Transport
import Wire

/// A command of the coordinator to a host.
enum HostCommand: Sendable {
    case grant(LeaseGrant)
    case start(StartRound)
    case environment(UInt32)
    case drain(UInt32)
    case dismiss(HostDismissed)

    /// The command in an envelope; nil for kinds that are none.
    init?(_ envelope: Envelope) throws {
        switch WireKind(rawValue: envelope.kind) {
        case .leaseGrant: self = .grant(try LeaseGrant(body: envelope.body))
        case .startRound: self = .start(try StartRound(body: envelope.body))
        case .startEnvironment: self = .environment(try StartEnvironment(body: envelope.body).round)
        case .drain: self = .drain(try Drain(body: envelope.body).round)
        case .hostDismissed: self = .dismiss(try HostDismissed(body: envelope.body))
        default: return nil
        }
    }
}
