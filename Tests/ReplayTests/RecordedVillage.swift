import Foundation
import GRDB
import Hashing
import Model
import Recording
import Replay
import RunConfiguration
import SimulationKit
import Support
import TestKit
import TurnEngine
import Vectors

/// A village played in this process and recorded as its hosts and its coordinator would have it recorded.
final class RecordedVillage {
    static let version = "1"

    let folder: TemporaryFolder
    private let store: SQLiteRecordStore
    private let package: RunPackage
    private let assets: SimulationAssets
    private let partitions: UInt32
    private let table: Guarded<AgentTable>
    private let performer: VillagePerformer
    private var round: UInt32 = 0

    var path: String { "\(folder.path)/recording.sqlite" }

    init(configuration: String = VillageFiles.configuration) throws {
        folder = try TemporaryFolder()
        let clock = Guarded<Int64>(0)
        // Each look at the clock is a second later: rounds take time.
        store = try SQLiteRecordStore(
            .file("\(folder.path)/recording.sqlite"),
            wallClock: {
                clock.withLock {
                    $0 += 1000
                    return $0
                }
            })
        package = try RunPackage.load(
            yaml: configuration, name: "village.yaml", registry: Village<RecordedVersion>.registry
        ) { path in
            guard let text = VillageFiles.files[path] else {
                throw UserError("there is no such file", at: path, exitCode: .noInput)
            }
            return Array(text.utf8)
        }
        partitions = UInt32(package.configuration.partitions)
        let definition = RunDefinition(
            run: "village", seed: package.configuration.seed, partitions: partitions, programVersion: Self.version,
            configuration: package.configuration.effectiveYAML(),
            files: package.files.map { .init(path: $0.path, hash: blobHash($0.bytes)) }, models: [], model: "m",
            contextTokens: 0, embeddingModel: "e", embeddingDimension: 8)
        assets = try package.assets(definition: definition) { _ in nil }
        table = Guarded(AgentTable(assets: assets))
        performer = VillagePerformer(assets: assets, table: table)
        try send(package.files.map { .storeFile(name: $0.path, bytes: $0.bytes) })
        try send([
            .createRun(name: "village", definition: definition.packed()), .raiseEpoch(epoch: 1, rounds: 3, owner: 1),
            .recordAgents(
                assets.population.agents.map { agent in
                    let id = assets.population.id(of: agent)
                    return RecordedAgent(
                        agent: agent, id: id, type: "villager",
                        partition: partition(ofAgent: id, partitions: partitions), profile: #"{"seats": 2}"#)
                }),
            .grantPartitions(
                runEpoch: 1, leases: (0...partitions).map { Lease(partition: $0, epoch: 1, host: 1) }),
        ])
    }

    deinit { try? store.close() }

    @discardableResult
    func send(_ requests: [RecordRequest]) throws -> [RecordReply] { try store.append(requests).map { try $0.get() } }

    // MARK: Playing

    /// Plays the next rounds.
    func play(rounds: Int, meanwhile: () throws -> Void = {}) async throws {
        for _ in 0..<rounds { try await playRound(meanwhile) }
    }

    private var step: RecordedStep { RecordedStep(runEpoch: 1, round: round, time: time) }
    private var time: Int64 { Int64(round - 1) * 24 * 3600 }

    /// A researcher intervenes.
    @discardableResult func intervene(_ number: UInt64, _ values: [Value]) throws -> [RecordReply] {
        try send([
            .intervene(
                RecordedInterventions(
                    runEpoch: 1, request: Digest128(high: 1, low: number),
                    interventions: values.map { .init(round: $0["round"]?.int.map { UInt32($0) }, content: $0) }))
        ])
    }

    private func playRound(_ meanwhile: () throws -> Void) async throws {
        try await openRound()
        try meanwhile()
        try send([.mergeRound(step)])
        var merged = table.withLock { $0.state(of: .environment) }
        let updater = StateUpdater(assets)
        for change in try store.merged(round: round, partition: partitions, offset: 0).changes {
            updater.apply(change.operation, to: &merged, of: .environment)
        }
        let root = TurnID.root(round: round, kind: .environment, agent: AgentID.environment.description)
        try await commit(
            PlannedRoot(kind: .environment, agent: .environment, turn: root, partition: partitions), as: merged,
            interventions: try store.interventions(partitions, epoch: 1, round: round + 1).map {
                try Intervention(packed: $0)
            })
        try send([.closeRound(step)])
        try advance()
    }

    /// Opens the next round and runs all its root turns, without merging it.
    func openRound() async throws {
        round += 1
        try send([.openRound(step)])
        for partition in 0..<partitions {
            let agents = assets.population.agents.filter {
                Model.partition(ofAgent: assets.population.id(of: $0), partitions: partitions) == partition
            }
            let roots = table.withLock {
                RoundPlan.roots(partition: partition, agents: agents, round: round, assets: assets, table: $0)
            }
            try send([
                .planRound(RecordedPlan(partition: partition, epoch: 1, round: round, roots: UInt32(roots.count)))
            ])
            planned += roots
        }
        for kind in [RootKind.consolidate, .act] {
            // Backwards: the order in which roots commit is not the one in which they are planned.
            for root in planned.reversed() where root.kind == kind { try await commit(root) }
        }
        planned = []
    }

    private var planned: [PlannedRoot] = []

    private func commit(
        _ root: PlannedRoot, as given: AgentState? = nil, interventions: [Intervention] = []
    ) async throws {
        let world = table.withLock { assets.world($0.state(of: .environment)) }
        let context = TreeContext(
            round: round, time: time, root: root.turn, rootPartition: root.partition, world: world)
        let state = given ?? table.withLock { $0.state(of: root.agent) }
        let result = try await TurnRunner(assets: assets, performer: performer)
            .runRoot(root.kind, agent: root.agent, state: state, tree: context, interventions: interventions)
        try send([.outcomes(performer.takeOutcomes())])
        try send([
            .commit(
                TreeCommit(
                    partition: root.partition, epoch: 1, root: root.turn, round: round, tree: result.tree.packed(),
                    outcomes: result.outcomes))
        ])
        guard root.kind == .consolidate else { return }
        table.withLock { $0.applyConsolidations(of: result.tree) { result.vectors[contentHash($0)] } }
    }

    private func advance() throws {
        var table = table.withLock { $0 }
        table.beginMerge(round)
        for partition in 0...partitions {
            let page = try store.merged(round: round, partition: partition, offset: 0)
            var vectors: [Digest128: FixedVector] = [:]
            for vector in page.vectors { vectors[vector.text] = try FixedVector(halfFloats: vector.vector) }
            for change in page.changes {
                table.merge(change.operation, target: change.target, round: round) { vectors[contentHash($0)] }
            }
        }
        table.endMerge()
        let advanced = table
        self.table.withLock { $0 = advanced }
    }

    /// Ids of the agents, by number.
    var ids: [String] { assets.population.agents.map { assets.population.id(of: $0) } }

    /// All agents as they are now.
    var agents: AgentTable { table.withLock { $0 } }

    /// Their states, by number.
    var states: [AgentState] { assets.population.agents.map { agents.state(of: $0) } }

    // MARK: Replaying

    /// Replays what is recorded by a version of the code.
    func replay<Version>(
        _ version: Village<Version>.Type = Village<RecordedVersion>.self, until: UInt32? = nil, workers: Int = 3,
        program: String = RecordedVillage.version
    ) async throws -> ReplayReport {
        let reader = try RecordingReader(path: path)
        return try await RunReplay(
            reader, registry: version.registry, version: program, workers: workers,
            clock: SystemClock(), processorSeconds: { 1 }
        ).run(until: until)
    }

    /// Changes the recording behind everybody's back.
    func tamper(_ sql: String, _ arguments: StatementArguments = []) throws {
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql, arguments: arguments) }
    }

    /// A number out of the recording.
    func count(_ sql: String) throws -> Int {
        try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: sql) } ?? 0
    }
}

/// Answers by a rule, remembers what it answered, and runs asks at once.
final class VillagePerformer: CallPerformer {
    private let assets: SimulationAssets
    private let table: Guarded<AgentTable>
    private let outcomes = Guarded<[OutcomeRecord]>([])

    init(assets: SimulationAssets, table: Guarded<AgentTable>) {
        self.assets = assets
        self.table = table
    }

    func takeOutcomes() -> [OutcomeRecord] {
        outcomes.withLock { outcomes in
            defer { outcomes = [] }
            return outcomes
        }
    }

    func complete(
        _ spec: CompletionSpec, request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> CompletionOutcome {
        let number = request.low % 1000
        let answer: String? =
            switch (spec.kind, spec.constraint) {
            case (.questions, _): "What do I want?\nWho helps me?"
            case (.insights, _): "1. Insight \(number).\n2. Another, \(number)."
            case (_, .choice(let options)): options[Int(request.low % UInt64(options.count))]
            // Now and then a model fails to answer, and with it the turn.
            default: number % 10 == 0 ? nil : "I say number \(number), and that is all that there is to say."
            }
        var outcome = CompletionOutcome(
            answer: answer, rejection: answer == nil ? "it was silent" : "", rejected: [], promptTokens: 10,
            completionTokens: 1, model: "m")
        if spec.reading == .distribution, case .choice(let options) = spec.constraint {
            outcome.draw(options, assets.seed.call(call, attempt: 0))
        }
        append(.completion(spec, outcome), request, call, agent, tree)
        return outcome
    }

    func embed(
        _ texts: [String], request: Digest128, call: CallID, agent: AgentID, tree: TreeContext
    ) async throws -> EmbeddingAnswer {
        // 1.0 as a half float, at a place that follows from the text.
        let vectors = texts.map { text in
            var bytes = [UInt8](repeating: 0, count: 16)
            bytes[Int(contentHash(text).low % 8) * 2 + 1] = 0x3C
            return bytes
        }
        append(.embedding(model: "e", texts: texts, vectors: vectors), request, call, agent, tree)
        return EmbeddingAnswer(model: "e", vectors: vectors)
    }

    func ask(_ ask: AskCall) async throws -> AskReply {
        try await TurnRunner(assets: assets, performer: self)
            .runPassive(ask, state: table.withLock { $0.state(of: ask.agent) })
    }

    private func append(
        _ content: OutcomeRecord.Content, _ request: Digest128, _ call: CallID, _ agent: AgentID, _ tree: TreeContext
    ) {
        outcomes.withLock {
            $0.append(
                OutcomeRecord(
                    call: call, root: tree.root, partition: tree.rootPartition, round: tree.round, agent: agent,
                    request: request, content: content))
        }
    }
}

extension CompletionOutcome {
    /// As a gateway answers a request for a distribution: here the last option is likeliest.
    fileprivate mutating func draw(_ options: [String], _ seed: UInt64) {
        var probabilities = [UInt32](repeating: 100_000, count: options.count)
        probabilities[options.count - 1] += ChoiceDistribution.whole - UInt32(options.count) * 100_000
        distribution = ChoiceDistribution(probabilities: probabilities, coverage: 900_000)
        if let place = distribution?.draw(seed: seed) { answer = options[place] }
    }
}
