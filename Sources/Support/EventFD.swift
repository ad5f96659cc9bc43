import CLinux
import Glibc

/// Wakes a thread that polls descriptors: readable from the first `signal` until `drain`.
public final class EventFD: Sendable {
    /// The descriptor to poll for reading.
    public let descriptor: Int32

    /// Opens it, not signalled.
    public init() throws(UserError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("cannot open an eventfd", errno: errno) }
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable; may be called by any thread.
    public func signal() {
        var one: UInt64 = 1
        // The one possible failure, a counter that is full, leaves the descriptor readable.
        _ = write(descriptor, &one, MemoryLayout.size(ofValue: one))
    }

    /// Makes the descriptor unreadable until the next signal.
    public func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout.size(ofValue: count))
    }
}
