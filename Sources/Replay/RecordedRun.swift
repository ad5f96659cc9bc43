import Hashing
import Model
import Recording
import RunConfiguration
import SimulationKit
import Support

/// What a replay needs of a run beyond its rounds, built from the recording alone.
struct RecordedRun: Sendable {
    let definition: RunDefinition
    let assets: SimulationAssets
    /// Simulated seconds from one round to the next.
    let secondsPerRound: Int64
    /// How vectors travel.
    let vectors: VectorFormat
    /// The agents of each partition, by number.
    let agentsByPartition: [[AgentID]]

    /// Reads definition and files. `version` is this program's: another one's scenarios may do otherwise.
    static func load(_ reader: RecordingReader, registry: ScenarioRegistry, version: String) throws -> RecordedRun {
        guard let record = try reader.run() else {
            throw UserError("the recording holds no run yet", advice: "play one first", exitCode: .dataError)
        }
        let definition: RunDefinition
        do {
            definition = try RunDefinition(packed: record.definition)
        } catch {
            throw UserError(
                "the run's definition cannot be read", at: record.name,
                advice: "check the recording with coordinator verify", exitCode: .dataError)
        }
        guard definition.programVersion == version else {
            throw UserError(
                "the run was started by version \(definition.programVersion), and this is \(version)",
                at: definition.run, advice: "replay it with the version that started it", exitCode: .configuration)
        }
        return try RecordedRun(definition, registry: registry) { try reader.file($0) }
    }

    private init(
        _ definition: RunDefinition, registry: ScenarioRegistry, file: (Digest256) throws -> [UInt8]?
    ) throws {
        var files: [String: [UInt8]] = [:]
        for entry in definition.files {
            guard let bytes = try file(entry.hash), blobHash(bytes) == entry.hash else {
                throw Self.incomplete(entry.path, run: definition.run)
            }
            files[entry.path] = bytes
        }
        let package = try RunPackage.load(
            yaml: definition.configuration, name: "the run's configuration", registry: registry
        ) { path in
            guard let bytes = files[path] else { throw Self.incomplete(path, run: definition.run) }
            return bytes
        }
        assets = try package.assets(definition: definition) { files[$0] }
        vectors = package.configuration.vectors
        secondsPerRound = Int64(package.configuration.roundHours) * 3600
        var agents = [[AgentID]](repeating: [], count: Int(definition.partitions))
        for agent in assets.population.agents {
            let id = assets.population.id(of: agent)
            agents[Int(partition(ofAgent: id, partitions: definition.partitions))].append(agent)
        }
        agentsByPartition = agents
        self.definition = definition
    }

    private static func incomplete(_ path: String, run: String) -> UserError {
        UserError(
            "the run holds no file \(path), or a damaged one", at: run,
            advice: "the recording is incomplete: check it with coordinator verify", exitCode: .dataError)
    }

    /// Simulated time at the start of a round.
    func time(ofRound round: UInt32) -> Int64 {
        secondsPerRound.multipliedReportingOverflow(by: Int64(max(round, 1)) - 1).partialValue
    }
}
