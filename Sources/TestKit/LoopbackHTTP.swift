import Glibc
import Support

/// A plain HTTP client for servers of this machine: one connection, one reply, read to its end.
public struct LoopbackHTTP: Sendable {
    /// What came back.
    public struct Reply: Sendable {
        /// The status; 0 where the server closed without one.
        public var status: Int
        /// The head as it came, lower case.
        public var head: String
        /// The body.
        public var body: String
    }

    private let port: UInt16

    /// A client of the server at a port of 127.0.0.1.
    public init(port: Int) { self.port = UInt16(port) }

    /// Asks for a path, and waits without keeping a thread of Swift's pool.
    public func get(_ path: String) async throws -> Reply {
        try await send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    }

    /// Sends a request as it is; it must ask for the connection to be closed.
    public func send(_ request: String) async throws -> Reply {
        let port = port
        return try await withCheckedThrowingContinuation { done in
            do {
                try OSThread(name: "loopback-http") {
                    done.resume(with: Result { try Self.exchange(request, port) })
                }.detach()
            } catch {
                done.resume(throwing: error)
            }
        }
    }

    private static func exchange(_ request: String, _ port: UInt16) throws -> Reply {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw UserError.system("no socket", errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw UserError.system("no connection", errno: errno) }
        let bytes = Array(request.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw UserError.system("nothing sent", errno: errno)
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        let parts = String(decoding: received, as: UTF8.self)
        guard let end = parts.firstRange(of: "\r\n\r\n") else { return Reply(status: 0, head: parts, body: "") }
        let head = parts[..<end.lowerBound]
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Reply(status: status ?? 0, head: head.lowercased(), body: String(parts[end.upperBound...]))
    }
}
