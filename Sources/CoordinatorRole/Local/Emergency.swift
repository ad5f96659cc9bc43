import Support

/// What has to go when a person does not want to wait: the processes, the folder of their sockets, and the calls at a
/// gateway that stays.
final class Emergency: Sendable {
    private struct State {
        var cluster: LocalCluster?
        var sockets: SocketFolder?
        var calls: RunCalls?
    }
    private let state = Guarded(State())

    /// The processes, once there are some.
    var cluster: LocalCluster? { state.withLock { $0.cluster } }

    /// The folder of the sockets, once there is one.
    var sockets: SocketFolder? { state.withLock { $0.sockets } }

    /// Remembers the processes.
    func take(_ cluster: LocalCluster) { state.withLock { $0.cluster = cluster } }

    /// Remembers the folder.
    func take(_ sockets: SocketFolder) { state.withLock { $0.sockets = sockets } }

    /// Remembers the calls at a gateway that is not ours to end.
    func take(_ calls: RunCalls) { state.withLock { $0.calls = calls } }

    /// Ends all processes at once, gives up the calls and removes the folder. May be called by any thread but the
    /// network's, and holds it for a moment.
    func act() {
        let now = state.withLock { $0 }
        now.cluster?.killAll()
        now.calls?.giveUpNow()
        now.sockets?.remove()
    }
}
