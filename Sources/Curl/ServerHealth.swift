import Support

/// Whether a server should be given work: tells *busy* (it answers, and says "later") from *dead* (it does not
/// answer at all).
///
/// A busy server is left alone for a moment and keeps what it has; a dead one gets nothing until a probe succeeds.
public struct ServerHealth: Sendable, Equatable {
    /// What may be done with the server.
    public enum State: Sendable, Equatable {
        /// Not probed yet.
        case unknown
        /// Works.
        case working
        /// Works, and asked to be left alone until then.
        case busy(until: Instant)
        /// Does not answer; only a probe brings it back.
        case dead
    }

    /// Replies of "later" in a row, without one success, after which the server is left alone: single ones are
    /// the requests' own matter.
    static let busyLimit = 4
    /// Requests lost in a row, without any reply, after which a server that accepts connections counts as dead.
    static let lostLimit = 3

    /// The state now; a busy server whose time is up works again.
    public private(set) var state: State = .unknown
    private var busyInARow = 0
    private var lostInARow = 0

    /// A server that was not probed yet.
    public init() {}

    /// Whether the server may be given work at `now`.
    public func isAvailable(at now: Instant) -> Bool {
        switch state {
        case .working: true
        case .busy(let until): until <= now
        case .unknown, .dead: false
        }
    }

    /// A probe succeeded.
    public mutating func probed() {
        state = .working
        busyInARow = 0
        lostInARow = 0
    }

    /// A reply came that is none of "later".
    public mutating func answered() {
        busyInARow = 0
        lostInARow = 0
        if case .busy = state { state = .working }
    }

    /// A reply said "later".
    public mutating func refused(retryAfter: Span?, at now: Instant) {
        lostInARow = 0
        busyInARow += 1
        guard busyInARow >= Self.busyLimit, state != .dead, state != .unknown else { return }
        state = .busy(until: now + (retryAfter ?? .milliseconds(500)))
    }

    /// No reply came. Returns true when this makes the server dead, so that it must be probed.
    public mutating func lost(_ failure: HTTPFailure) -> Bool {
        guard state != .dead, state != .unknown else { return false }
        lostInARow += 1
        guard failure == .cannotConnect || lostInARow >= Self.lostLimit else { return false }
        state = .dead
        return true
    }

    /// A probe failed before the server was ever known to work, or after it was lost.
    public mutating func probeFailed() { state = .dead }
}
