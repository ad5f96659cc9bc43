import Glibc
import Support

/// The thread behind ``ScriptedServer``: one poll over all connections.
final class ScriptedServerThread: @unchecked Sendable {
    struct State {
        var seen = ScriptedServer.Seen()
        var waiting: [((ScriptedServer.Seen) -> Bool, CheckedContinuation<Void, Never>)] = []
    }

    private struct Connection {
        var number: Int
        var input: [UInt8] = []
        var output: [UInt8] = []
        var closesAfterOutput = false
        var isHanging = false
    }

    let port: UInt16
    let seen = Guarded(State())
    let released = Guarded<[ScriptedServer.Reply]>([])
    private let script: @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply
    private let listener: Int32
    private let pipeEnds: (read: Int32, write: Int32)
    private var connections: [Int32: Connection] = [:]

    init(script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply) {
        self.script = script
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "pipe failed")
        pipeEnds = (ends[0], ends[1])
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 1024) == 0
                    && getsockname(socket, $0, &length) == 0
            }
        }
        precondition(bound, "no loopback port")
        port = UInt16(bigEndian: address.sin_port)
    }

    func command(_ letter: Character) {
        var byte = letter.asciiValue ?? 0
        _ = write(pipeEnds.write, &byte, 1)
    }

    func run() {
        var isRunning = true
        while isRunning {
            var set = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pipeEnds.read, events: Int16(POLLIN), revents: 0),
            ]
            for (socket, connection) in connections {
                let events = Int16(POLLIN) | (connection.output.isEmpty ? 0 : Int16(POLLOUT))
                set.append(pollfd(fd: socket, events: events, revents: 0))
            }
            guard poll(&set, nfds_t(set.count), -1) >= 0 else { continue }
            if set[1].revents != 0 { isRunning = obey() }
            for entry in set.dropFirst(2) where entry.revents != 0 { serve(entry.fd) }
            if set[0].revents != 0 { acceptOne() }
        }
        for socket in connections.keys { close(socket) }
        for descriptor in [listener, pipeEnds.read, pipeEnds.write] { close(descriptor) }
    }

    private func obey() -> Bool {
        var byte: UInt8 = 0
        _ = read(pipeEnds.read, &byte, 1)
        guard byte == Character("r").asciiValue else { return false }
        let replies = released.withLock { replies in
            defer { replies = [] }
            return replies
        }
        for reply in replies {
            for (socket, connection) in connections where connection.isHanging {
                connections[socket]?.isHanging = false
                note { $0.hanging -= 1 }
                act(reply, on: socket)
            }
        }
        return true
    }

    private func acceptOne() {
        let socket = accept(listener, nil, nil)
        guard socket >= 0 else { return }
        var number = 0
        note { seen in
            number = seen.connections
            seen.connections += 1
        }
        connections[socket] = Connection(number: number)
    }

    private func serve(_ socket: Int32) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            connections[socket]?.input.append(contentsOf: chunk.prefix(count))
            takeRequests(socket)
        } else if count == 0 || errno != EAGAIN {
            if connections[socket]?.isHanging == true { note { $0.hanging -= 1 } }
            end(socket)
            note { seen in
                seen.closedByClient += 1
                seen.lastClosed = SystemClock().now()
            }
        }
        send(socket)
    }

    private func takeRequests(_ socket: Int32) {
        while var connection = connections[socket], !connection.isHanging {
            guard
                var request = ScriptedRequestParser.take(&connection.input, connection: connection.number)
            else { return }
            connections[socket] = connection
            note { seen in
                request.number = seen.requests.count
                seen.requests.append(request)
            }
            act(script(request), on: socket)
        }
    }

    private func act(_ reply: ScriptedServer.Reply, on socket: Int32) {
        switch reply {
        case .whole(let status, let headers, let body):
            put(head(status, headers, body.count) + body, on: socket)
        case .half(let body):
            put(head(200, [], body.count) + body.prefix(body.count / 2), on: socket, closes: true)
        case .raw(let bytes):
            put(bytes, on: socket, closes: true)
        case .close:
            end(socket)
        case .reset:
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            end(socket)
        case .hang:
            connections[socket]?.isHanging = true
            note { $0.hanging += 1 }
        }
    }

    private func head(_ status: Int, _ headers: [(String, String)], _ length: Int) -> [UInt8] {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) Status\r\nContent-Length: \(length)\r\n\(lines)\r\n".utf8)
    }

    private func put(_ bytes: [UInt8], on socket: Int32, closes: Bool = false) {
        connections[socket]?.output += bytes
        connections[socket]?.closesAfterOutput = closes
        send(socket)
    }

    private func send(_ socket: Int32) {
        guard let connection = connections[socket], !connection.output.isEmpty else { return }
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        let count = Glibc.send(socket, connection.output, connection.output.count, flags)
        guard count > 0 else { return }
        connections[socket]?.output.removeFirst(count)
        if count == connection.output.count, connection.closesAfterOutput { end(socket) }
    }

    private func end(_ socket: Int32) {
        guard connections.removeValue(forKey: socket) != nil else { return }
        close(socket)
    }

    private func note(_ change: (inout ScriptedServer.Seen) -> Void) {
        let ready = seen.withLock { state in
            change(&state.seen)
            let ready = state.waiting.filter { $0.0(state.seen) }.map(\.1)
            if !ready.isEmpty { state.waiting.removeAll { $0.0(state.seen) } }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }
}
