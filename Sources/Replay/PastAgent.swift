import Hashing
import Model
import Recording
import SimulationKit
import Support
import TurnEngine
import Vectors

/// An agent as it was at the end of a closed round, out of a recording, with the world that it saw. Looking at it
/// changes nothing of the run.
public struct PastAgent: Sendable {
    /// What is fixed for the run.
    public let assets: SimulationAssets
    /// The run as it was defined when it started.
    public let definition: RunDefinition
    /// How the run's vectors travel.
    public let vectors: VectorFormat
    /// The agent.
    public let agent: AgentID
    /// Its state at the end of the round.
    public let state: AgentState
    /// The closed round; 0 for the agent before the first.
    public let round: UInt32
    private let world: World
    private let time: Int64

    /// Reads the agent of that id at the end of `round`, by default the newest that is closed. `version` is this
    /// program's, which has to be the run's. Throws a `UserError` where there is no such agent or round.
    public init(
        _ reader: RecordingReader, registry: ScenarioRegistry, version: String, agent id: String, round: UInt32? = nil
    ) throws {
        let run = try RecordedRun.load(reader, registry: registry, version: version)
        let closed = try reader.run()?.closedRound ?? 0
        let last = round ?? closed
        guard last <= closed else {
            throw UserError(
                "\(closed) rounds are closed, and \(last) was asked for", at: "--round",
                advice: "name a round from 0, which is before the first, to \(closed)", exitCode: .usage)
        }
        let population = run.assets.population
        guard let agent = population.agent(withID: id) else {
            let some = population.agents.prefix(3).map { population.id(of: $0) }.joined(separator: ", ")
            throw UserError(
                "the run has no agent \(id)", at: run.definition.run, advice: "there are \(some) and others",
                exitCode: .usage)
        }
        let table = try Self.table(reader, run, agent, upTo: last)
        assets = run.assets
        definition = run.definition
        vectors = run.vectors
        self.agent = agent
        self.round = last
        state = table.state(of: agent)
        world = run.assets.world(table.state(of: .environment))
        time = run.time(ofRound: last + 1)
    }

    /// The agent and the environment, as the merges of all rounds left them.
    private static func table(
        _ reader: RecordingReader, _ run: RecordedRun, _ agent: AgentID, upTo last: UInt32
    ) throws -> AgentTable {
        var table = AgentTable(assets: run.assets)
        let own = partition(ofAgent: run.assets.population.id(of: agent), partitions: run.definition.partitions)
        var round: UInt32 = 0
        try reader.forEachChange(upTo: last, partitions: [own, run.definition.partitions]) { next, page in
            if next != round {
                table.endMerge()
                table.beginMerge(next)
                round = next
            }
            let vectors = try Self.vectors(of: agent, on: page, dimension: run.assets.embeddingDimension)
            for change in page.changes where change.target == agent || change.target == .environment {
                table.merge(change.operation, target: change.target, round: next) { vectors[contentHash($0)] }
            }
        }
        return table
    }

    private static func vectors(
        of agent: AgentID, on page: MergedPage, dimension: Int
    ) throws -> [Digest128: FixedVector] {
        var vectors: [Digest128: FixedVector] = [:]
        for vector in page.vectors where vector.agent == agent {
            vectors[vector.text] = try FixedVector(bytes: vector.vector, dimension: dimension)
        }
        return vectors
    }

    /// Whether its memory is searched by nearness, which takes the question's vector.
    public var needsEmbedding: Bool { state.memory.needsQuery(assets.memory) }

    /// Puts a question to it, by calls that `performer` makes, and gives its answer. Its prompt is the one that it
    /// would get in the round behind, with the question as what it observes. The same question has the same seed.
    public func answer(_ question: String, performer: any CallPerformer) async throws -> String {
        let id = assets.population.id(of: agent)
        let root = TurnID.root(round: round + 1, kind: .act, agent: id)
        let tree = TreeContext(round: round + 1, time: time, root: root, rootPartition: 0, world: world)
        do {
            // No turn of the run has this path: its numbers end before.
            return try await TurnRunner(assets: assets, performer: performer)
                .interview(agent, question, state: state, tree: tree, path: [.max])
        } catch let failed as TurnFailed {
            throw UserError(
                "\(id) gave no answer: \(failed.failure.text)", at: definition.run, exitCode: .temporaryFailure)
        } catch let interrupted as TurnInterrupted {
            throw UserError(interrupted.reason, at: definition.run, exitCode: .temporaryFailure)
        }
    }
}
