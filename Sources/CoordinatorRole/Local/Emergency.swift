import Support

/// What has to go when a person does not want to wait: the processes, and the folder of their sockets.
final class Emergency: Sendable {
    private struct State {
        var cluster: LocalCluster?
        var sockets: SocketFolder?
    }
    private let state = Guarded(State())

    /// The processes, once there are some.
    var cluster: LocalCluster? { state.withLock { $0.cluster } }

    /// Remembers the processes.
    func take(_ cluster: LocalCluster) { state.withLock { $0.cluster = cluster } }

    /// Remembers the folder.
    func take(_ sockets: SocketFolder) { state.withLock { $0.sockets = sockets } }

    /// Ends all processes at once and removes the folder. May be called by any thread.
    func act() {
        let now = state.withLock { $0 }
        now.cluster?.killAll()
        now.sockets?.remove()
    }
}
