import NIOPosix
import Support

/// Several emulated servers in one process, each with its own port, answers, faults, GPU and counters. They share
/// threads: a server is served by one of them.
public final class EmulatorFleet: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let log: ServedLog?
    /// The servers, in the order of their options.
    public let servers: [EmulatorServer]

    private init(group: MultiThreadedEventLoopGroup, log: ServedLog?, servers: [EmulatorServer]) {
        self.group = group
        self.log = log
        self.servers = servers
    }

    /// Starts all servers on so many threads. Throws a `UserError` where an address cannot be had; none listens then.
    public static func start(_ options: [EmulatorOptions], threads: Int) async throws -> EmulatorFleet {
        try await start(options, threads: threads, log: nil)
    }

    /// The same, with requests that were served written down, whichever server it was.
    static func start(_ options: [EmulatorOptions], threads: Int, log: ServedLog?) async throws -> EmulatorFleet {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, min(threads, options.count)))
        do {
            var servers: [EmulatorServer] = []
            for entry in options { servers.append(try await .start(entry, log: log, on: group.next())) }
            return EmulatorFleet(group: group, log: log, servers: servers)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Closes the listening sockets and every connection.
    public func stop() async throws {
        try await group.shutdownGracefully()
        log?.flush()
    }

    /// Waits until the first of the listening sockets is closed.
    public func waitUntilStopped() async throws { try await servers.first?.waitUntilStopped() }
}
