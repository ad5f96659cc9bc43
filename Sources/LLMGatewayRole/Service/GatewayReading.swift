import GatewayLogic
import Support

/// How the gateway is at one moment: copied on its loop, made into text elsewhere.
struct GatewayReading: Sendable {
    /// A server with its address.
    struct Server: Sendable {
        var url: String
        var status: ServerStatus
    }

    var counters: GatewayCounters
    var times: GatewayTimes
    /// Calls without an outcome.
    var open: Int
    var queued: Int
    var queuedBytes: Int
    var queuedTokens: Int
    var memoBytes: Int
    var sharedBytes: Int
    var servers: [Server]
    /// What keeps every server from working, as one line; nil when one works.
    var missing: String?

    /// How `core` is now.
    init<Asker>(_ core: GatewayCore<Asker>, at now: Instant) {
        counters = core.counters
        times = core.times
        open = core.open
        queued = core.queue.count
        queuedBytes = core.queue.bytes
        queuedTokens = core.queue.tokens
        memoBytes = core.memo.bytes
        sharedBytes = core.shared.bytes
        servers = core.fleet.statuses(at: now).map { Server(url: core.book.url($0.server), status: $0) }
        // One on trial answers probes, and needs a call to show that it works: not to be ready would keep it from that.
        let isAnyWorking = servers.contains { ["working", "busy", "trial"].contains($0.status.standing) }
        let problem = core.book.firstMisconfiguration ?? core.book.unavailability
        missing = isAnyWorking ? nil : "no model server works\(problem.map { ": \($0.what)" } ?? " yet")"
    }
}

extension ServerStatus {
    /// Words for all standings, as metrics have them.
    static let standings = ["unproven", "working", "busy", "out", "trial", "draining"]

    /// The word for this one.
    var standing: String {
        if isDraining { return "draining" }
        return switch state {
        case .unproven: "unproven"
        case .working: "working"
        case .busy: "busy"
        case .out: "out"
        case .trial: "trial"
        }
    }
}
