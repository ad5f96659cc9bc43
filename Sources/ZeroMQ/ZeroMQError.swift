import CZMQ
import Glibc

/// An error that libzmq reported.
public struct ZeroMQError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, such as `bind ipc:///run/x`.
    public var operation: String
    /// The error number, one of `errno.h` or of libzmq's own.
    public var code: Int32

    /// Trying again later may work: nothing to read, no room to write, or a signal came in between.
    public var isRetriable: Bool { code == EAGAIN || code == EINTR }
    /// The peer that a message was addressed to is not connected.
    public var isUnreachable: Bool { code == EHOSTUNREACH }
    /// The endpoint is taken by another socket.
    public var isAddressInUse: Bool { code == EADDRINUSE }

    /// `operation: reason`, in libzmq's words.
    public var description: String { "\(operation): \(String(cString: zmq_strerror(code)))" }
}
