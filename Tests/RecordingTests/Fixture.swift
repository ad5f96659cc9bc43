import Foundation
import Hashing
import Model
import Recording

/// A run with a few agents, and the requests that its hosts would send.
final class Fixture {
    static let partitions: UInt32 = 4
    static let seed = RunSeed(11)

    var store: SQLiteRecordStore
    let folder: String
    let agents: [RecordedAgent]

    var path: String { folder + "/recording.sqlite" }

    static let definition = RunDefinition(
        run: "test", seed: seed.value, partitions: partitions, programVersion: "1", configuration: "seed: 11",
        files: [], models: [], model: "m", contextTokens: 0, embeddingModel: "e", embeddingDimension: 4)

    static func agents(_ count: Int) -> [RecordedAgent] {
        (0..<count).map { number in
            let id = "agent-\(number)"
            return RecordedAgent(
                agent: AgentID(number: UInt32(number)), id: id, type: number % 2 == 0 ? "seeker" : "interviewer",
                partition: partition(ofAgent: id, partitions: partitions),
                profile: #"{"name": "A\#(number)", "vacancies": 1}"#)
        }
    }

    init(agents count: Int = 6, inMemory: Bool = false) throws {
        folder = NSTemporaryDirectory() + "recording-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try SQLiteRecordStore(inMemory ? .memory : .file(folder + "/recording.sqlite"), wallClock: { 1000 })
        agents = Fixture.agents(count)
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: - Requests

    /// Creates the run, its agents and leases under epoch 1.
    func begin() throws {
        _ = try send([
            .createRun(name: "test", definition: Fixture.definition.packed()),
            .raiseEpoch(epoch: 1, rounds: 3, owner: 1),
            .recordAgents(agents),
            .grantPartitions(
                runEpoch: 1,
                leases: (0...Fixture.partitions).map { Lease(partition: $0, epoch: 1, host: 1) }),
        ])
    }

    func step(_ round: UInt32, epoch: UInt64 = 1) -> RecordedStep {
        RecordedStep(runEpoch: epoch, round: round, time: Int64(round) * 86_400)
    }

    /// Opens a round in which every agent acts.
    func open(_ round: UInt32) throws {
        _ = try send([.openRound(step(round))])
        var roots: [UInt32: UInt32] = [:]
        for agent in agents { roots[agent.partition, default: 0] += 1 }
        _ = try send(
            (0..<Fixture.partitions).map {
                .planRound(RecordedPlan(partition: $0, epoch: 1, round: round, roots: roots[$0] ?? 0))
            })
    }

    /// Sends requests in one batch; the first refusal is thrown.
    @discardableResult
    func send(_ requests: [RecordRequest]) throws -> [RecordReply] {
        try store.append(requests).map { try $0.get() }
    }

    func root(_ agent: Int, round: UInt32 = 1, kind: RootKind = .act) -> TurnID {
        TurnID.root(round: round, kind: kind, agent: agents[agent].id)
    }

    /// An answered call of an agent's root turn, or of a turn below it.
    func call(
        _ agent: Int, round: UInt32 = 1, number: UInt32 = 0, path: [UInt32] = [], by caller: Int? = nil,
        prompt: [String]? = nil, answer: String? = "yes", rejected: [RejectedAttempt] = [], kind: RootKind = .act,
        distribution: ChoiceDistribution? = nil, fallback: String = ""
    ) -> OutcomeRecord {
        let root = root(agent, round: round, kind: kind)
        let spec = CompletionSpec(
            kind: .choice, model: "m",
            messages: [
                PromptMessage(role: .system, segments: ["You look for work. "]),
                PromptMessage(role: .user, segments: prompt ?? ["Your profile: A\(agent). ", "Apply?"]),
            ], constraint: .choice(["no", "yes"]), sampling: Sampling(temperature: 800, topP: 950, maxTokens: 16),
            reading: distribution == nil && fallback.isEmpty ? .sample : .distribution)
        let outcome = CompletionOutcome(
            answer: answer, rejection: answer == nil ? "no option was chosen" : "", rejected: rejected,
            promptTokens: 30, completionTokens: 1, model: "m-7b", distribution: distribution, fallback: fallback)
        return OutcomeRecord(
            call: CallID(turn: path.reduce(root) { $0.passive(number: $1) }, number: number), root: root,
            partition: agents[agent].partition, round: round, agent: agents[caller ?? agent].agent,
            request: spec.requestHash, content: .completion(spec, outcome))
    }

    /// An embedding call of an agent's root turn.
    func embedding(
        _ agent: Int, round: UInt32 = 1, number: UInt32 = 5, texts: [String], kind: RootKind = .act,
        vectors: [[UInt8]]? = nil
    ) -> OutcomeRecord {
        let root = root(agent, round: round, kind: kind)
        return OutcomeRecord(
            call: CallID(turn: root, number: number), root: root, partition: agents[agent].partition, round: round,
            agent: agents[agent].agent, request: OutcomeRecord.requestHash(embedding: texts, model: "e"),
            content: .embedding(
                model: "e", texts: texts, vectors: vectors ?? texts.map { Array(contentHash($0).bytes.prefix(8)) }))
    }

    static func name(_ record: OutcomeRecord) -> OutcomeName {
        OutcomeName(call: record.call, request: record.request, result: record.resultHash)
    }

    /// A commit of a tree of one turn that used `outcomes`.
    func commit(
        _ agent: Int, round: UInt32 = 1, using outcomes: [OutcomeRecord] = [],
        operations: [(AgentID, Model.Operation)] = [], failure: TurnFailure? = nil, epoch: UInt64 = 1,
        kind: RootKind = .act, below: [TurnRecord] = []
    ) -> TreeCommit {
        let root = root(agent, round: round, kind: kind)
        let turn = TurnRecord(
            path: [], agent: agents[agent].agent, failure: failure,
            outcomes: outcomes.filter { $0.call.turn == root && $0.isChat }.map {
                OutcomeUse(number: $0.call.number, result: $0.resultHash)
            },
            operations: operations.enumerated().map {
                TargetedOperation(
                    number: UInt32(100 + $0.offset), target: $0.element.0, operation: $0.element.1)
            })
        return TreeCommit(
            partition: agents[agent].partition, epoch: epoch, root: root, round: round,
            tree: Tree(round: round, kind: kind, turns: [turn] + below).packed(),
            outcomes: outcomes.map(Fixture.name))
    }

    /// Agents in the order in which their trees are merged.
    func mergeOrder(round: UInt32 = 1) -> [Int] {
        agents.indices.sorted {
            Fixture.seed.mergeOrder(round: round, root: root($0, round: round))
                < Fixture.seed.mergeOrder(round: round, root: root($1, round: round))
        }
    }

    /// Plays a whole round: every agent makes one call, remembers it and tells of an event.
    @discardableResult
    func play(_ round: UInt32) throws -> Digest256? {
        try open(round)
        for agent in agents.indices {
            let outcome = call(agent, round: round)
            let own = agents[agent].agent
            try send([.outcomes([outcome])])
            try send([
                .commit(
                    commit(
                        agent, round: round, using: [outcome],
                        operations: [
                            (own, .remember(text: "I applied in round \(round).", time: 3)),
                            (own, .event(name: "applied", details: .map(["job": .text("clerk")]))),
                            (
                                agents[(agent + 1) % agents.count].agent,
                                .message(sender: own, subject: "hello", body: .text("\"quoted\", and a comma"))
                            ),
                        ]))
            ])
        }
        guard case .closed(let digest, _) = try send([.mergeRound(step(round)), .closeRound(step(round))]).last else {
            return nil
        }
        return digest
    }

    /// Closes the store and opens the same file again.
    func reopen() throws {
        try store.close()
        try openAgain()
    }

    /// Everything that the pages of a partition's open round hold, or of one root in it.
    func recorded(_ partition: UInt32, root: TurnID? = nil) throws -> RecordedPage {
        var all = RecordedPage(consolidations: [], outcomes: [], next: 0)
        repeat {
            let page = try store.outcomes(partition, epoch: 1, round: 1, root: root, cursor: all.next)
            all.consolidations += page.consolidations
            all.outcomes += page.outcomes
            all.next = page.next
        } while all.next != 0
        return all
    }

    /// Opens the file, after the store was closed.
    func openAgain() throws { store = try SQLiteRecordStore(.file(path), wallClock: { 2000 }) }

    /// A refusal that a request provokes; nil when it is accepted.
    func refusal(_ request: RecordRequest) throws -> RecordRefusal? {
        do { _ = try send([request]) } catch let refusal as RecordRefusal { return refusal }
        return nil
    }
}

extension OutcomeRecord {
    var isChat: Bool { if case .completion = content { true } else { false } }
}
