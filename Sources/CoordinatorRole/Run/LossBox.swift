import Support

/// Keeps what is lost until there is a driver that can act on it.
final class LossBox: Sendable {
    private struct State {
        var early: [LocalCluster.Loss] = []
        var post: (@Sendable (LocalCluster.Loss) -> Void)?
    }

    private let state = Guarded(State())

    /// A process was lost.
    func take(_ loss: LocalCluster.Loss) {
        let post = state.withLock { state in
            if state.post == nil { state.early.append(loss) }
            return state.post
        }
        post?(loss)
    }

    /// From now on losses go to `post`, those before first. What is lost while they go waits behind them.
    func forward(to post: @escaping @Sendable (LocalCluster.Loss) -> Void) {
        while true {
            let early = state.withLock { state in
                defer { state.early = [] }
                if state.early.isEmpty { state.post = post }
                return state.early
            }
            guard !early.isEmpty else { return }
            for loss in early { post(loss) }
        }
    }
}
