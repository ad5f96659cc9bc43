import Support

/// Tells the part of a process that can do so to read its configuration again.
public final class ReloadSignal: Sendable {
    private let handler = Guarded<(@Sendable () -> Void)?>(nil)

    /// A signal that nobody takes.
    public init() {}

    /// Runs `work` at each request from now on, on the thread of the request; nil to take none any more.
    public func onRequest(_ work: (@Sendable () -> Void)?) { handler.withLock { $0 = work } }

    /// Asks for it; false when nobody takes it.
    public func request() -> Bool {
        guard let work = handler.withLock({ $0 }) else { return false }
        work()
        return true
    }
}
