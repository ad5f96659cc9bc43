/// State that only one loop's thread may touch, checked at every access.
///
/// What runs on an ``HTTPLoop`` is sent there as a `@Sendable` closure; this is how such a closure carries along
/// the state that lives on the loop, without a lock.
public final class LoopConfined<State>: @unchecked Sendable {
    private let loop: HTTPLoop
    private var state: State

    /// Makes the state and gives it to the loop.
    public init(on loop: HTTPLoop, _ make: () -> sending State) {
        self.loop = loop
        state = make()
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
