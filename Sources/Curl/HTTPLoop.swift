import CCurl
import Support

/// A thread that runs HTTP requests, timers and the work sent to it, one after the other.
///
/// Rule: whoever builds on a loop keeps its state on the loop's thread (``LoopConfined``) and needs no lock.
/// Never wait inside work or a completion: everything else on the loop waits too.
/// Built on libcurl's `multi_socket` with epoll, whose cost does not grow with the number of replies waited for.
public final class HTTPLoop: Sendable {
    private let core: LoopCore
    private let thread: OSThread
    private let isEnded = Guarded(false)

    /// libcurl wants one call before the first use in a process.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Starts the thread.
    /// - Parameters:
    ///   - name: of the thread, cut to 15 bytes.
    ///   - clock: for timers.
    ///   - connections: how many open connections are kept for use again; see ``keepConnections(_:)``.
    public init(name: String, clock: any MonotonicClock, connections: Int = 256) throws(UserError) {
        precondition(Self.isLibraryReady, "libcurl does not start")
        let core = try LoopCore(clock: clock, connections: connections)
        self.core = core
        thread = try OSThread(name: name) { core.run() }
    }

    deinit {
        guard beginEnd() else { return }
        core.inbox.finish()
        thread.detach()
    }

    // MARK: from any thread

    /// Runs `work` on the loop's thread, after what was given before. Returns false, and drops the work, after
    /// ``shutdown()``.
    @discardableResult
    public func execute(_ work: @escaping @Sendable () -> Void) -> Bool { core.inbox.add(work) }

    /// Ends all requests with ``HTTPFailure/shutDown``, drops the timers and ends the thread. May be called again.
    /// Not to be called on the loop's own thread, which cannot wait for itself.
    public func shutdown() {
        guard beginEnd() else { return }
        precondition(!thread.isCurrent, "a loop cannot wait for the end of its own thread")
        core.inbox.finish()
        thread.join()
    }

    /// Sends one request and waits for its reply: for probes and tests; a stream of requests uses
    /// ``start(_:completion:)``. Throws ``HTTPFailure``.
    public func perform(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await withCheckedThrowingContinuation { continuation in
            let isAccepted = execute { [self] in
                start(request) { continuation.resume(with: $0) }
            }
            if !isAccepted { continuation.resume(throwing: HTTPFailure.shutDown) }
        }
    }

    private func beginEnd() -> Bool {
        isEnded.withLock { isEnded in
            defer { isEnded = true }
            return !isEnded
        }
    }

    // MARK: on the loop's thread only

    /// Stops the process unless the calling thread is the loop's.
    public func checkOnLoop() { precondition(isOnLoop, "called outside the loop's thread") }

    /// Whether the calling thread is the loop's.
    public var isOnLoop: Bool { thread.isCurrent }

    /// Sends a request. `completion` runs on the loop's thread exactly once, later, unless the request is cancelled.
    @discardableResult
    public func start(
        _ request: HTTPRequest, completion: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) -> RequestHandle {
        checkOnLoop()
        return core.start(request, completion)
    }

    /// Gives up a request: its connection is closed at once, which tells the server, and its completion never runs.
    /// Does nothing when it has finished.
    public func cancel(_ request: RequestHandle) {
        checkOnLoop()
        core.cancel(request)
    }

    /// Runs `work` on the loop's thread after `span`, to the millisecond.
    @discardableResult
    public func schedule(after span: Span, _ work: @escaping () -> Void) -> TimerHandle {
        checkOnLoop()
        return core.schedule(after: span, work)
    }

    /// Gives up a timer; does nothing when it has fired.
    public func cancel(_ timer: TimerHandle) {
        checkOnLoop()
        core.cancel(timer)
    }

    /// Sets what runs after each batch of work, replies and timers, before the thread sleeps: the place to send on
    /// in one piece what the batch brought.
    public func setBatchEnd(_ work: (() -> Void)?) {
        checkOnLoop()
        core.setBatchEnd(work)
    }

    /// How many open connections are kept; fewer than are in flight means a new connection for each request.
    public func keepConnections(_ count: Int) {
        checkOnLoop()
        core.keepConnections(count)
    }
}

/// Names a request for ``HTTPLoop/cancel(_:)-(RequestHandle)``.
public struct RequestHandle: Hashable, Sendable {
    let slot: Int
    let generation: UInt32
}

/// Names a timer for ``HTTPLoop/cancel(_:)-(TimerHandle)``.
public struct TimerHandle: Hashable, Sendable {
    let number: UInt64
}
