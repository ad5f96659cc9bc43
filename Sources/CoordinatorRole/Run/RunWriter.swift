import Hashing
import JSON
import Model
import ServiceRuntime
import SimulationKit
import Support
import Wire

/// Writes everything that is fixed for a run into the recording, before round 1.
struct RunWriter: Sendable {
    let recorder: WireClient
    let embedding: WireClient?

    private static let textsPerRequest = 256
    private static let agentsPerPage = 2000

    /// Stores the files, the vectors of the collections and the definition.
    func create(_ run: PreparedRun, probe: Probe) async throws -> RunDefinition {
        var files: [RunDefinition.File] = []
        for file in try await run.files + vectorFiles(run, probe) {
            _ = try await recorder.request(StoreBlob(name: file.path, bytes: file.bytes), expecting: Acknowledged.self)
            files.append(RunDefinition.File(path: file.path, hash: blobHash(file.bytes)))
        }
        let yardsticks = run.countsTokens ? probe.yardsticks : []
        let definition = RunDefinition(
            run: run.name, seed: run.seed, partitions: run.partitions, programVersion: ProgramVersion.current,
            configuration: run.yaml, files: files,
            models: probe.descriptions(yardsticks: yardsticks), model: try probe.model(),
            contextTokens: probe.contextTokens, yardsticks: yardsticks, embeddingModel: probe.embedding?.model ?? "",
            embeddingDimension: probe.embedding?.dimension ?? 0)
        // Hosts fetch the definition by its content, like every other file.
        _ = try await recorder.request(
            StoreBlob(name: "definition", bytes: definition.packed()), expecting: Acknowledged.self)
        _ = try await recorder.request(
            CreateRun(run: run.name, definition: definition.packed()), expecting: Acknowledged.self)
        return definition
    }

    /// Lists the agents; what is listed already stays as it is.
    func recordAgents(_ run: PreparedRun) async throws {
        let population = run.population
        var page: [AgentRow] = []
        for agent in population.agents {
            let id = population.id(of: agent)
            page.append(
                AgentRow(
                    agent: agent, id: id, type: population.type(of: agent),
                    partition: partition(ofAgent: id, partitions: run.partitions),
                    profile: ProfileJSON.text(population.record(of: agent))))
            if page.count == Self.agentsPerPage {
                _ = try await recorder.request(RecordAgents(agents: page), expecting: Acknowledged.self)
                page = []
            }
        }
        guard !page.isEmpty else { return }
        _ = try await recorder.request(RecordAgents(agents: page), expecting: Acknowledged.self)
    }

    private func vectorFiles(_ run: PreparedRun, _ probe: Probe) async throws -> [PreparedRun.File] {
        var files: [PreparedRun.File] = []
        for collection in run.scenario.collections(of: run.population) {
            guard let embedding, let dimension = probe.embedding?.dimension else {
                throw UserError(
                    "the scenario searches by nearness and needs an embedding server", at: "--embedding",
                    advice: "give --embedding URL", exitCode: .usage)
            }
            let bytes = try await vectors(
                of: ItemCollection.distinctTexts(of: collection), embedding, as: run.vectors,
                width: Int(dimension) * run.vectors.width)
            files.append(PreparedRun.File(path: ItemCollection.vectorsPath(of: collection.name), bytes: bytes))
        }
        return files
    }

    private func vectors(
        of texts: [String], _ embedding: WireClient, as format: VectorFormat, width: Int
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(texts.count * width)
        for start in stride(from: 0, to: texts.count, by: Self.textsPerRequest) {
            let page = Array(texts[start..<min(start + Self.textsPerRequest, texts.count)])
            let reply = try await embedding.request(Embed(texts: page, format: format), expecting: Embedded.self)
            guard reply.vectors.count == page.count, reply.vectors.allSatisfy({ $0.count == width }) else {
                throw UserError(
                    "the embedding server changed the dimension of its vectors", at: "--embedding",
                    advice: "use one server with one model", exitCode: .unavailable)
            }
            for vector in reply.vectors { bytes += vector }
        }
        return bytes
    }
}
