import CZMQ
import Glibc
import Support

/// Owns libzmq's input and output threads. Sockets keep it alive; all must be closed before `close`.
public final class ZeroMQContext: Sendable {
    /// The context's address while it is open. libzmq's contexts may be used from any thread.
    private let address: Guarded<UInt?>

    /// Opens a context with this many input and output threads: one carries about a gigabyte a second.
    public init(ioThreads: Int32 = 1) throws(ZeroMQError) {
        let made = czmq_make_context(ioThreads)
        guard let handle = made.handle else { throw ZeroMQError(operation: "open a context", code: made.error) }
        address = Guarded(UInt(bitPattern: handle))
    }

    /// Makes a socket, which belongs to one thread at a time.
    public func socket(_ kind: ZeroMQSocket.Kind) throws(ZeroMQError) -> ZeroMQSocket {
        let handle = address.withLock { $0.flatMap { UnsafeMutableRawPointer(bitPattern: $0) } }
        guard let handle else { throw ZeroMQError(operation: "make a socket", code: EFAULT) }
        return try ZeroMQSocket(kind, context: handle)
    }

    /// Ends the context: waits until every socket is closed and what they linger for is sent or given up.
    public func close() throws(ZeroMQError) {
        let taken = address.withLock { address in
            let taken = address
            address = nil
            return taken
        }
        guard let handle = taken.flatMap({ UnsafeMutableRawPointer(bitPattern: $0) }) else { return }
        while true {
            let status = czmq_terminate(handle)
            if status == -EINTR { continue }
            if status < 0 { throw ZeroMQError(operation: "close the context", code: -status) }
            return
        }
    }

    deinit { try? close() }
}
