/// State that only one loop's thread may touch, checked at every access.
///
/// What runs on an ``HTTPLoop`` is sent there as a `@Sendable` closure; this is how such a closure carries along
/// the state that lives on the loop, without a lock.
public final class LoopConfined<State>: @unchecked Sendable {
    private let loop: HTTPLoop
    private var state: State

    /// Gives `state` to the loop. The caller must not keep another reference to it.
    public init(_ state: sending State, on loop: HTTPLoop) {
        self.loop = loop
        self.state = state
    }

    /// The state; the calling thread must be the loop's.
    public var value: State {
        get {
            loop.checkOnLoop()
            return state
        }
        set {
            loop.checkOnLoop()
            state = newValue
        }
    }
}
