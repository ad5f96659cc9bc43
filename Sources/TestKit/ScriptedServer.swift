import Glibc
import Support

/// A small HTTP server on a loopback port that does to each request what the test says: for clients that must
/// survive servers as they are.
public final class ScriptedServer: Sendable {
    /// A request as it came.
    public struct Request: Sendable {
        /// Number of the request, from 0, over all connections.
        public var number: Int
        /// Number of the connection, from 0.
        public var connection: Int
        /// The method.
        public var method: String
        /// The path with its query.
        public var path: String
        /// Headers with names in lower case.
        public var headers: [String: String]
        /// The body.
        public var body: [UInt8]

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// What is done to a request.
    public enum Reply: Sendable {
        /// A whole reply; the connection is kept.
        case whole(status: Int, headers: [(String, String)] = [], body: [UInt8])
        /// A reply that announces all of `body` and closes after half of it.
        case half(body: [UInt8])
        /// The connection is reset.
        case reset
        /// The connection is closed in good order, without a reply.
        case close
        /// Bytes that are not HTTP, then the end.
        case raw([UInt8])
        /// Nothing ever comes, until ``ScriptedServer/release(_:)``.
        case hang

        /// A reply with a JSON body.
        public static func json(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> Reply {
            .whole(status: status, headers: [("Content-Type", "application/json")] + headers, body: Array(text.utf8))
        }
    }

    /// What the server has seen.
    public struct Seen: Sendable {
        /// Requests in order of arrival.
        public var requests: [Request] = []
        /// Connections accepted.
        public var connections = 0
        /// Connections that the client closed.
        public var closedByClient = 0
        /// When the last of them was noticed.
        public var lastClosed = Instant(nanoseconds: 0)
        /// Requests that hang now.
        public var hanging = 0
    }

    /// `http://127.0.0.1:PORT`.
    public let url: String
    private let work: ScriptedServerThread
    private let thread: pthread_t

    /// Starts a server that asks `script` what to do with each request. The script runs on the server's thread.
    public init(_ script: @escaping @Sendable (Request) -> Reply) {
        let work = ScriptedServerThread(script: script)
        self.work = work
        url = "http://127.0.0.1:\(work.port)"
        var created = pthread_t()
        let status = pthread_create(
            &created, nil,
            { context in
                if let context { Unmanaged<ScriptedServerThread>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        precondition(status == 0, "pthread_create failed with \(status)")
        thread = created
    }

    deinit {
        work.command("q")
        pthread_join(thread, nil)
    }

    /// What has been seen so far.
    public var seen: Seen { work.seen.withLock { $0.seen } }

    /// Waits until `condition` holds.
    public func until(_ condition: @escaping @Sendable (Seen) -> Bool) async {
        await withCheckedContinuation { continuation in
            let holds = work.seen.withLock { state in
                let holds = condition(state.seen)
                if !holds { state.waiting.append((condition, continuation)) }
                return holds
            }
            if holds { continuation.resume() }
        }
    }

    /// Answers every request that hangs with `reply`.
    public func release(_ reply: Reply) {
        work.released.withLock { $0.append(reply) }
        work.command("r")
    }
}
