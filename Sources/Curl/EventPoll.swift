import CLinux
import Glibc
import Support

/// The epoll descriptor of a loop, level-triggered. A class, because what an event leads to may change the set
/// while the events of one wait are walked through.
final class EventPoll {
    /// One descriptor that is ready.
    struct Event {
        var descriptor: Int32
        var isReadable: Bool
        var isWritable: Bool
        var isBroken: Bool
    }

    private static let capacity = 512
    private let descriptor: Int32
    private let buffer: UnsafeMutablePointer<epoll_event>

    init() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(descriptor >= 0, "epoll_create1 failed with \(errno)")
        buffer = .allocate(capacity: Self.capacity)
        buffer.initialize(repeating: epoll_event(), count: Self.capacity)
    }

    deinit {
        _ = close(descriptor)
        buffer.deinitialize(count: Self.capacity)
        buffer.deallocate()
    }

    /// Watches `watched`; `isKnown` tells whether it is in the set already.
    func watch(_ watched: Int32, readable: Bool, writable: Bool, isKnown: Bool) {
        var event = epoll_event()
        event.events = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
        event.data.fd = watched
        // A descriptor that was closed and opened again under the same number has left the set on its own.
        if epoll_ctl(descriptor, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watched, &event) < 0 {
            _ = epoll_ctl(descriptor, isKnown ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, watched, &event)
        }
    }

    /// Stops watching a descriptor, which may be closed already.
    func forget(_ watched: Int32) {
        var event = epoll_event()
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, &event)
    }

    /// Waits until something is ready or `timeout` has passed (nil: as long as it takes), rounded up to whole
    /// milliseconds. Returns how many events to read with ``event(_:)``.
    func wait(_ timeout: Span?) -> Int {
        let milliseconds = timeout.map { Int32(clamping: ($0.nanoseconds + 999_999) / 1_000_000) } ?? -1
        let count = epoll_wait(descriptor, buffer, Int32(Self.capacity), milliseconds)
        precondition(count >= 0 || errno == EINTR, "epoll_wait failed with \(errno)")
        return max(0, Int(count))
    }

    /// The event at `index` of the last wait.
    func event(_ index: Int) -> Event {
        precondition(index >= 0 && index < Self.capacity, "no such event")
        let events = buffer[index].events
        return Event(
            descriptor: buffer[index].data.fd,
            isReadable: events & EPOLLIN.rawValue != 0,
            isWritable: events & EPOLLOUT.rawValue != 0,
            isBroken: events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0)
    }
}
