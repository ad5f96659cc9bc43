import Glibc
import Support

/// Work that is done now and then on a thread of its own, because it may wait for a disk or for the network.
final class BackgroundWork: Sendable {
    private let wakeUp: EventFD
    private let isStopped: Guarded<Bool>

    /// Does `work` every `interval`, or only when woken where that is nil.
    init(name: String, every interval: Span?, _ work: @escaping @Sendable () -> Void) throws(UserError) {
        let (wakeUp, isStopped) = (try EventFD(), Guarded(false))
        self.wakeUp = wakeUp
        self.isStopped = isStopped
        let timeout = interval.map { Int32(clamping: max(1, $0.nanoseconds / 1_000_000)) } ?? -1
        let thread = try OSThread(name: name) {
            var polled = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
            while true {
                _ = poll(&polled, 1, timeout)
                wakeUp.drain()
                if isStopped.withLock({ $0 }) { return }
                work()
            }
        }
        // A resolver may take many seconds, and nobody waits for it when the process ends.
        thread.detach()
    }

    /// Does the work soon.
    func wake() { wakeUp.signal() }

    /// Does it no more; what is under way ends by itself.
    func stop() {
        isStopped.withLock { $0 = true }
        wakeUp.signal()
    }
}
