import Foundation
import Hashing
import Model
import Recording
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support

/// A run as it stands before its first round, made once and copied for each seed: the recording with everything that
/// is fixed.
struct Blueprint: Sendable {
    static let embeddingDimension: UInt32 = 4

    let rounds: UInt32
    let partitions: UInt32
    let definition: RunDefinition
    let secondsPerRound: Int64
    let toleratedFailures: UInt64
    /// The recording's file.
    let recording: String

    /// A run of so many agents, rounds and partitions, with its recording at `path`.
    init(agents: Int, rounds: Int, partitions: Int, at path: String) throws {
        let yaml = SquareScenario.configuration(rounds: rounds, partitions: partitions)
        let files = SquareScenario.files(agents: agents, partitions: partitions)
        let known = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.bytes) })
        let package = try RunPackage.load(yaml: yaml, name: "square.yaml", registry: SquareScenario.registry) { path in
            guard let bytes = known[path] else { throw UserError("no such file", at: path, exitCode: .noInput) }
            return bytes
        }
        self.rounds = UInt32(rounds)
        self.partitions = UInt32(partitions)
        secondsPerRound = Int64(package.configuration.roundHours) * 3600
        toleratedFailures = 1_000_000
        definition = RunDefinition(
            run: "square", seed: package.configuration.seed, partitions: UInt32(partitions),
            programVersion: ProgramVersion.current, configuration: package.configuration.effectiveYAML(),
            files: package.files.map { RunDefinition.File(path: $0.path, hash: blobHash($0.bytes)) },
            models: ["simulated"], model: "m", contextTokens: 4096,
            yardsticks: package.configuration.llm.countTokens ? [ModelServers.yardstick] : [],
            embeddingModel: "e",
            embeddingDimension: Self.embeddingDimension)
        recording = path
        let population = package.population
        let store = try SQLiteRecordStore(.file(path), wallClock: { 0 })
        var requests: [RecordRequest] = package.files.map { RecordRequest.storeFile(name: $0.path, bytes: $0.bytes) }
        requests.append(.storeFile(name: "definition", bytes: definition.packed()))
        requests.append(.createRun(name: "square", definition: definition.packed()))
        requests.append(
            .recordAgents(
                population.agents.map { agent in
                    let id = population.id(of: agent)
                    return RecordedAgent(
                        agent: agent, id: id, type: population.type(of: agent),
                        partition: partition(ofAgent: id, partitions: UInt32(partitions)), profile: "{}")
                }))
        for case .failure(let refusal) in try store.append(requests) { throw refusal }
        try store.close()
    }
}
