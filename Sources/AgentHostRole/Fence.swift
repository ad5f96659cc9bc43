import ClusterLogic
import Model
import Support

/// Since when the recorder has known newer leases than those that this host holds by the newest map.
final class Fence: Sendable {
    private struct State {
        var held: Set<Lease> = []
        var since: [Lease: Instant] = [:]
    }

    private let state = Guarded(State())

    /// The recorder has refused something under this lease.
    func hit(_ lease: Lease, at now: Instant) {
        state.withLock { state in
            // What was lost by the map itself is explained.
            if state.held.contains(lease), state.since[lease] == nil { state.since[lease] = now }
        }
    }

    /// A new map: these leases are held now.
    func update(_ held: [Lease]) {
        state.withLock { state in
            state.held = Set(held)
            state.since = state.since.filter { state.held.contains($0.key) }
        }
    }

    /// Whether some lease has been refused for `span` and no map has explained it.
    func stands(for span: Span, at now: Instant) -> Bool {
        state.withLock { $0.since.values.contains { now.since($0) >= span } }
    }
}
