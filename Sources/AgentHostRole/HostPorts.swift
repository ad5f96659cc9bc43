import ServiceRuntime
import Support
import Transport

/// A host's ways to the world: sockets, tasks and time. A process brings the real ones, a simulation its own.
struct HostPorts: Sendable {
    /// Opens a way to a server; events that answer no request go to the closure.
    var connect:
        @Sendable (String, PeerIntroduction, @escaping @Sendable (ConnectionEvent) -> Void) throws -> any MessageLink
    /// Starts tasks.
    var launcher: TaskLauncher
    /// Waits for a while; throws `CancellationError` as soon as the task is cancelled.
    var pause: @Sendable (Span) async throws -> Void
    /// Where time comes from.
    var clock: any MonotonicClock
    /// Processor time of the calling thread, see `ThreadTime`.
    var threadTime: @Sendable () -> Span

    /// The ports of a process.
    static func system(_ node: TransportNode, clock: any MonotonicClock) -> HostPorts {
        HostPorts(
            connect: { endpoint, introduction, onEvent in
                try node.connect(endpoint, introduction: introduction, onEvent: onEvent)
            }, launcher: TaskLauncher(), pause: { try await Task.sleep(nanoseconds: $0.nanoseconds) }, clock: clock,
            threadTime: ThreadTime.now)
    }
}
