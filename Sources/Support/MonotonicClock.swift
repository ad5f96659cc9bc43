import Glibc

/// A point on a clock that never jumps, in nanoseconds since an arbitrary origin. Decides liveness, never safety,
/// and never reaches a result.
public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since the clock's origin.
    public var nanoseconds: UInt64

    /// An instant `nanoseconds` after the clock's origin.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `span` later, saturating at the clock's end.
    public static func + (left: Instant, span: Span) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// Time from `earlier` to this instant; zero when `earlier` is later.
    public func since(_ earlier: Instant) -> Span {
        Span(nanoseconds: nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0)
    }
}

/// A length of time in nanoseconds, never negative.
public struct Span: Comparable, Hashable, Sendable {
    /// The length in nanoseconds.
    public var nanoseconds: UInt64

    /// A length of `nanoseconds`.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// A length of whole milliseconds.
    public static func milliseconds(_ count: UInt64) -> Span { Span(nanoseconds: count * 1_000_000) }

    /// A length in seconds, rounded to the nanosecond; negative or non-finite values become zero.
    public static func seconds(_ count: Double) -> Span {
        guard count.isFinite, count > 0 else { return Span(nanoseconds: 0) }
        return Span(nanoseconds: UInt64(min(count * 1e9, 9e18)))
    }

    /// The length in seconds.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// Where time comes from: the system in a process, a virtual clock in a test.
public protocol MonotonicClock: Sendable {
    /// The present instant.
    func now() -> Instant
}

/// The machine's monotonic clock.
public struct SystemClock: MonotonicClock {
    /// The clock of this machine.
    public init() {}

    public func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}
