import Glibc

/// Processor time, for what a piece of work costs wherever its thread happens to run. Never reaches a result.
public enum ThreadTime {
    /// Processor time that the calling thread has used, in user mode and in the kernel. Two readings make a length only
    /// on one thread, so between them nothing may be awaited.
    public static func now() -> Span {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return Span(nanoseconds: 0) }
        return Span(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
