import DequeModule
import MessagePack
import ZeroMQ

/// Messages that wait for one peer, sent in frames as long as the socket takes them.
struct SendQueue {
    /// Messages sent at once after which an empty queue gives back its space.
    private static let many = 4_096

    private var queue = Deque<Envelope>()
    /// Bytes that wait.
    private(set) var bytes = 0

    var isEmpty: Bool { queue.isEmpty }

    mutating func append(_ envelope: Envelope) {
        bytes += envelope.frameBytes
        queue.append(envelope)
    }

    mutating func removeAll() {
        bytes = 0
        queue.removeAll()
    }

    /// Sends frame after frame until nothing is left or the socket refuses, which is thrown.
    ///
    /// - Parameter heading: What precedes each frame: at a ROUTER the peer's routing id. It throws what the socket
    ///   says, and then nothing was sent.
    mutating func flush(
        to socket: ZeroMQSocket, packer: inout Packer, counters: inout TransportCounters, heading: [UInt8]?
    ) throws(ZeroMQError) {
        var sent = 0
        while !queue.isEmpty {
            let count = messagesOfNextFrame()
            if let heading { try Self.send(heading, to: socket) }
            Frame.begin(messages: count, into: &packer)
            for offset in 0..<count { Frame.append(queue[offset], to: &packer) }
            try packer.send(to: socket)
            counters.framesOut += 1
            counters.messagesOut += count
            counters.bytesOut += packer.count
            for offset in 0..<count { bytes -= queue[offset].frameBytes }
            queue.removeFirst(count)
            sent += count
        }
        if sent > Self.many { queue = [] }
    }

    private func messagesOfNextFrame() -> Int {
        var count = 0
        var size = 0
        while count < queue.count {
            size += queue[count].frameBytes
            if count > 0 && size > Frame.sharedBytes { break }
            count += 1
        }
        return count
    }

    private static func send(_ heading: [UInt8], to socket: ZeroMQSocket) throws(ZeroMQError) {
        var failure: ZeroMQError?
        heading.withUnsafeBytes { bytes in
            do throws(ZeroMQError) { try socket.send(bytes, more: true) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

extension Packer {
    /// Sends what was packed as the last part of a message.
    fileprivate borrowing func send(to socket: ZeroMQSocket) throws(ZeroMQError) {
        var failure: ZeroMQError?
        withUnsafeBytes { bytes in
            do throws(ZeroMQError) { try socket.send(bytes, more: false) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
