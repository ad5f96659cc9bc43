/// Adds up the processor time of one kind of work, on whichever threads it runs.
public final class WorkMeter: Sendable {
    private let threadTime: @Sendable () -> Span
    private let sum = Guarded(Span(nanoseconds: 0))

    /// A meter at zero. `threadTime` gives the processor time of the calling thread, see `ThreadTime`.
    public init(threadTime: @escaping @Sendable () -> Span) { self.threadTime = threadTime }

    /// What was measured so far.
    public var total: Span { sum.withLock { $0 } }

    /// Does the work and counts what it took. It awaits nothing, so that it stays on its thread.
    public func measure<Result>(_ work: () throws -> Result) rethrows -> Result {
        let before = threadTime()
        defer { add(since(before)) }
        return try work()
    }

    /// The calling thread's processor time, for work that is measured in pieces.
    public func now() -> Span { threadTime() }

    /// Counts a piece of work.
    public func add(_ span: Span) { sum.withLock { $0 = Span(nanoseconds: $0.nanoseconds &+ span.nanoseconds) } }

    /// Processor time of the calling thread since an earlier reading on it.
    public func since(_ earlier: Span) -> Span {
        let now = threadTime()
        return Span(nanoseconds: now < earlier ? 0 : now.nanoseconds - earlier.nanoseconds)
    }
}
