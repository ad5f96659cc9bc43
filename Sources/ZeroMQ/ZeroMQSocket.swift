import CZMQ
import Glibc

/// A socket of libzmq. Used by one thread at a time; it may move to another through a lock, never be shared.
public final class ZeroMQSocket {
    /// Kinds of sockets.
    public enum Kind: Sendable {
        /// Talks to many peers, each message headed by a part that names the peer.
        case router
        /// Talks to one server.
        case dealer
    }

    private var handle: UnsafeMutableRawPointer?
    private let message: UnsafeMutablePointer<zmq_msg_t>

    init(_ kind: Kind, context: UnsafeMutableRawPointer) throws(ZeroMQError) {
        let made = czmq_make_socket(context, kind == .router ? ZMQ_ROUTER : ZMQ_DEALER)
        guard let socket = made.handle else { throw ZeroMQError(operation: "make a socket", code: made.error) }
        handle = socket
        message = .allocate(capacity: 1)
        message.initialize(to: zmq_msg_t())
        zmq_msg_init(message)
    }

    deinit {
        if let handle { _ = czmq_close(handle) }
        zmq_msg_close(message)
        message.deallocate()
    }

    /// Sets options, in order.
    public func set(_ options: [ZeroMQOption]) throws(ZeroMQError) {
        let socket = try openHandle("set an option")
        for option in options {
            let (number, value) = option.setting
            let status =
                switch value {
                case .int(let value): czmq_set_int(socket, number, value)
                case .int64(let value): czmq_set_int64(socket, number, value)
                case .bytes(let value): czmq_set_bytes(socket, number, value, value.count)
                }
            try check(status, "set \(option)")
        }
    }

    /// Listens at an endpoint, such as `ipc:///path`, `tcp://127.0.0.1:*` or `inproc://name`.
    public func bind(_ endpoint: String) throws(ZeroMQError) {
        try check(czmq_bind(try openHandle("bind"), endpoint), "bind \(endpoint)")
    }

    /// Connects to an endpoint in the background, again and again until `close`.
    public func connect(_ endpoint: String) throws(ZeroMQError) {
        try check(czmq_connect(try openHandle("connect"), endpoint), "connect \(endpoint)")
    }

    /// The endpoint last bound or connected, with wildcards replaced by what the system chose.
    public func lastEndpoint() throws(ZeroMQError) -> String {
        let socket = try openHandle("get the endpoint")
        var text = [CChar](repeating: 0, count: 512)
        try check(czmq_get_text(socket, ZMQ_LAST_ENDPOINT, &text, text.count), "get the endpoint")
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Sends one part of a message without waiting; libzmq keeps a copy. The parts of a message up to the last,
    /// which is sent with `more: false`, must follow one another; a failed first part sends nothing.
    public func send(_ bytes: UnsafeRawBufferPointer, more: Bool) throws(ZeroMQError) {
        let socket = try openHandle("send")
        try check(czmq_send(socket, bytes.baseAddress, bytes.count, more ? 1 : 0), "send")
    }

    /// Receives one part without waiting and gives it to `body`, or returns nil when there is none. The buffer must
    /// not leave `body`. `more` tells that another part of the same message follows, which is there already.
    public func receive<Result>(
        _ body: (_ bytes: UnsafeRawBufferPointer, _ more: Bool) -> Result
    ) throws(ZeroMQError) -> Result? {
        let socket = try openHandle("receive")
        let status = czmq_receive(socket, message)
        if status == -EAGAIN || status == -EINTR { return nil }
        try check(status, "receive")
        let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
        return body(bytes, zmq_msg_more(message) != 0)
    }

    /// Closes the socket at once for us; unsent messages live on in the background for the time of `linger`.
    public func close() throws(ZeroMQError) {
        guard let handle else { return }
        self.handle = nil
        try check(czmq_close(handle), "close")
    }

    /// libzmq's own pointer, for polling; nil once closed.
    var pollHandle: UnsafeMutableRawPointer? { handle }

    private func openHandle(_ operation: String) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        guard let handle else { throw ZeroMQError(operation: operation, code: ENOTSOCK) }
        return handle
    }

    private func check(_ status: Int32, _ operation: @autoclosure () -> String) throws(ZeroMQError) {
        if status < 0 { throw ZeroMQError(operation: operation(), code: -status) }
    }
}
