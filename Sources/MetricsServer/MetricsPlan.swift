import Metrics
import ServiceRuntime

/// Where a process serves its metrics, and who is told.
public struct MetricsPlan: Sendable {
    /// Where they are served; nil where they are switched off.
    let address: MetricsAddress?
    /// File that gets the actual address.
    let file: String?

    init(address: MetricsAddress?, file: String?) {
        self.address = address
        self.file = file
    }

    /// Whether none are served.
    public var isOff: Bool { address == nil }

    /// The same, with the address in this file unless there is one.
    public func writing(to file: String) -> MetricsPlan { MetricsPlan(address: address, file: self.file ?? file) }

    /// Begins to serve what `source` tells, and says where; nil where that is switched off. Stop the server before what
    /// it asks goes away.
    /// - Throws: A `UserError` where the address cannot be had.
    public func serve(_ source: MetricsSource, _ context: ServiceContext) async throws -> MetricsServer? {
        guard let address else { return nil }
        let server = try await MetricsServer.start(at: address, source: source, version: ProgramVersion.current)
        do {
            if let file { try AtomicFile.write(Array("\(server.address)".utf8), to: file) }
        } catch {
            await server.stop()
            throw error
        }
        context.logger.info("metrics", metadata: ["address": "http://\(server.address)/metrics"])
        return server
    }
}
