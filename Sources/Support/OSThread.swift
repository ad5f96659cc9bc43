import CLinux
import Glibc

/// A thread of the operating system, for loops that wait in the kernel and must not occupy a pool thread.
public final class OSThread: Sendable {
    /// The system's handle; valid until `join` returned.
    public let handle: pthread_t

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body` once. `name` is what `top` and debuggers show, cut to 15 bytes.
    /// Call `join` exactly once, or `detach` instead.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(UserError) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw .system("cannot start the thread \(name)", advice: "raise the limit of processes", errno: status)
        }
        self.handle = handle
    }

    /// Waits until the thread's body has returned.
    public func join() { pthread_join(handle, nil) }

    /// Lets the thread's memory go when its body returns, without anyone waiting for it.
    public func detach() { pthread_detach(handle) }

    /// Whether the caller runs on this thread.
    public var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }
}
