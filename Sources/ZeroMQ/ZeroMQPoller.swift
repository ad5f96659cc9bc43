import CZMQ
import Glibc

/// Waits for any of several sockets and descriptors. Belongs to the thread of its sockets.
public struct ZeroMQPoller {
    private var items: [zmq_pollitem_t] = []

    /// A poller that waits for nothing yet.
    public init() {}

    /// Adds a descriptor to be read; returns its place.
    public mutating func add(descriptor: Int32) -> Int {
        items.append(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        return items.count - 1
    }

    /// Adds a socket to be read; returns its place.
    public mutating func add(_ socket: ZeroMQSocket) -> Int {
        items.append(zmq_pollitem_t(socket: socket.pollHandle, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
        return items.count - 1
    }

    /// Whether to wait until the socket at `place` can be written, besides being read.
    public mutating func waitForRoom(_ isWanted: Bool, at place: Int) {
        items[place].events = Int16(isWanted ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN)
    }

    /// Waits at most `milliseconds` (for ever when negative) until something is ready; an interrupted wait counts as
    /// nothing ready.
    public mutating func wait(milliseconds: Int) throws(ZeroMQError) {
        for index in items.indices { items[index].revents = 0 }
        let status = czmq_poll(&items, Int32(items.count), milliseconds)
        if status < 0 && status != -EINTR { throw ZeroMQError(operation: "poll", code: -status) }
    }

    /// Whether the last wait found something to read at `place`.
    public func isReadable(at place: Int) -> Bool { Int32(items[place].revents) & ZMQ_POLLIN != 0 }

    /// Whether the last wait found room to write at `place`, if it was asked to look.
    public func hasRoom(at place: Int) -> Bool { Int32(items[place].revents) & ZMQ_POLLOUT != 0 }
}
