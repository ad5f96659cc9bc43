import CLinux
import Glibc

/// Delivers signals to a handler on a thread of its own, where it may do anything.
///
/// Make it in the main thread before any other thread exists: threads inherit the mask that keeps the signals from
/// ending the process. SIGPIPE is ignored from then on.
public final class SignalWatcher: Sendable {
    private let wakeUp: EventFD
    private let descriptor: Int32
    let thread: OSThread

    /// Watches `signals`, by default those that ask a process to end.
    public init(
        _ signals: [Int32] = [SIGINT, SIGTERM, SIGHUP], handler: @escaping @Sendable (_ signal: Int32) -> Void
    ) throws(UserError) {
        clinux_ignore_broken_pipes()
        let wakeUp = try EventFD()
        let descriptor = clinux_signal_descriptor(signals, signals.count)
        guard descriptor >= 0 else { throw .system("cannot watch for signals", errno: -descriptor) }
        self.wakeUp = wakeUp
        self.descriptor = descriptor
        thread = try OSThread(name: "signals") {
            var polled = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            while polled[1].revents == 0 {
                _ = poll(&polled, 2, -1)
                while true {
                    let signal = clinux_next_signal(descriptor)
                    if signal == 0 { break }
                    handler(signal)
                }
            }
        }
    }

    /// Ends the thread, after a handler that runs. The signals stay blocked. Call it once, not from the handler.
    public func stop() {
        wakeUp.signal()
        thread.join()
        close(descriptor)
    }
}
