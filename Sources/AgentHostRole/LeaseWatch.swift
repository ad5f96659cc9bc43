import Support

/// Whether this host, by its own clock, can still be sure of its leases. A sign of life that the coordinator has
/// acknowledged keeps them for the lease's time from when it was sent; the coordinator, which heard it later, gives
/// them away later. So a host that was stalled asks nothing of anybody before it knows whether it still has a part.
final class LeaseWatch: Sendable {
    private struct State {
        var confirmed: Instant
        var isAsking = false
    }

    private let lease: Span
    private let clock: any MonotonicClock
    private let pause: @Sendable (Span) async throws -> Void
    private let state: Guarded<State>

    /// Time between two looks of whoever waits.
    private static let interval = Span.milliseconds(20)

    /// A watch over leases of this length, of which the host was sure when `since` was.
    init(
        lease: Span, since: Instant, clock: any MonotonicClock, pause: @escaping @Sendable (Span) async throws -> Void
    ) {
        self.lease = lease
        self.clock = clock
        self.pause = pause
        state = Guarded(State(confirmed: since))
    }

    /// Whether the leases are still this host's, unless they were taken by a new map.
    var isSure: Bool { clock.now().since(state.withLock { $0.confirmed }) < lease }

    /// Waits until the host is sure.
    func wait() async throws {
        while !isSure { try await pause(Self.interval) }
    }

    /// Notes that a sign of life goes out, to be acknowledged; nil while an earlier one is under way.
    func ask() -> Instant? {
        let now = clock.now()
        return state.withLock { state in
            guard !state.isAsking else { return nil }
            state.isAsking = true
            return now
        }
    }

    /// The sign of life that was sent at `sent` was acknowledged, or got no answer.
    func answered(_ sent: Instant, isAcknowledged: Bool) {
        state.withLock { state in
            state.isAsking = false
            if isAcknowledged { state.confirmed = max(state.confirmed, sent) }
        }
    }
}
