import Foundation
import Hashing
import Model
import Recording
import ServiceRuntime
import Support
import Testing
import Transport
import Wire

@testable import RecorderRole

/// A recorder behind a real socket, and a client of it.
private struct Recorder {
    let service: RecorderService
    let node: TransportNode
    let client: WireClient

    init(_ store: any RecordStore) throws {
        service = try RecorderService(store: store, clock: SystemClock())
        node = try TransportNode()
        let endpoint = "ipc://\(NSTemporaryDirectory())gensim-recorder-\(UUID().uuidString.prefix(8))/socket"
        let listener = try node.listen(
            endpoint, options: ListenerOptions(incarnation: 1), handler: RecorderHandlers(service).makeServer())
        let introduction = PeerIntroduction(role: "test", name: "test", incarnation: 1)
        client = WireClient(try node.connect(listener.endpoint, introduction: introduction))
    }

    func stop() {
        service.stop()
        node.close()
    }
}

@Suite struct RecorderSocketTests {
    private let agent = AgentRow(
        agent: AgentID(number: 0), id: "a", type: "seeker", partition: 0, profile: #"{"vacancies": 2}"#)

    private var definition: RunDefinition {
        RunDefinition(
            run: "r", seed: 1, partitions: 1, programVersion: "1", configuration: "", files: [], models: [],
            model: "", contextTokens: 0, embeddingModel: "", embeddingDimension: 0)
    }

    @Test func aWholeRoundGoesOverTheSocket() async throws {
        let recorder = try Recorder(SQLiteRecordStore(.memory, wallClock: { 0 }))
        let client = recorder.client
        let missing = await #expect(throws: Problem.self) {
            _ = try await client.request(LoadRun(), expecting: RunState.self)
        }
        #expect(missing?.code == .notFound)
        try await begin(client)
        let outcome = outcome()
        let root = outcome.root
        _ = try await client.request(RecordOutcomes(outcomes: [outcome]), expecting: Acknowledged.self)
        let commit = CommitTree(
            partition: 0, epoch: 1, root: root, round: 1, tree: tree(using: outcome).packed(),
            outcomes: [OutcomeName(call: outcome.call, request: outcome.request, result: outcome.resultHash)])
        #expect(try await client.request(commit, expecting: CommitResult.self).verdict == .committed)
        #expect(try await client.request(commit, expecting: CommitResult.self).verdict == .duplicate)
        let state = try await client.request(
            LoadPartition(partition: 0, epoch: 1, round: 1), expecting: PartitionState.self)
        #expect(state.committed == [root])
        let step = (runEpoch: UInt64(1), round: UInt32(1), time: Int64(0))
        let merged = try await client.request(
            MergeRound(runEpoch: step.runEpoch, round: step.round, time: step.time), expecting: RoundMerged.self)
        #expect(merged.roots == 1)
        let closed = try await client.request(
            CloseRound(runEpoch: step.runEpoch, round: step.round, time: step.time), expecting: RoundClosed.self)
        let page = try await client.request(
            FetchMerged(partition: 0, round: 1, offset: 0), expecting: MergedOperations.self)
        #expect(page.operations.map(\.operation) == [.remember(text: "I said yes.", time: 0)])
        let summary = try await client.request(Summarize(), expecting: RunSummary.self)
        #expect(summary.digests == [closed.digest.description])
        #expect(summary.calls == [NamedCount(name: "text", count: 1)])
        recorder.stop()
    }

    @Test func refusalsAndFailuresReachTheClientAsProblems() async throws {
        let store = try SQLiteRecordStore(.memory, wallClock: { 0 })
        let recorder = try Recorder(store)
        try await begin(recorder.client)
        let fenced = await #expect(throws: Problem.self) {
            let stale = MergeRound(runEpoch: 9, round: 1, time: 0)
            _ = try await recorder.client.request(stale, expecting: RoundMerged.self)
        }
        #expect(fenced?.code == .fenced)
        let absent = await #expect(throws: Problem.self) {
            _ = try await recorder.client.request(FetchBlob(hash: .zero), expecting: Blob.self)
        }
        #expect(absent?.code == .notFound)
        try store.close()
        let broken = await #expect(throws: Problem.self) {
            _ = try await recorder.client.request(
                RecordOutcomes(outcomes: [outcome()]), expecting: Acknowledged.self)
        }
        #expect(broken?.code == .storage)
        recorder.stop()
    }

    private func begin(_ client: WireClient) async throws {
        let leases = [UInt32(0), 1].map { Lease(partition: $0, epoch: 1, host: 0) }
        _ = try await client.request(
            StoreBlob(name: "config", bytes: [1]), expecting: Acknowledged.self)
        _ = try await client.request(
            CreateRun(run: "r", definition: definition.packed()), expecting: Acknowledged.self)
        _ = try await client.request(RaiseEpoch(epoch: 1, rounds: 1, owner: 1), expecting: Acknowledged.self)
        _ = try await client.request(RecordAgents(agents: [agent]), expecting: Acknowledged.self)
        _ = try await client.request(GrantPartitions(runEpoch: 1, leases: leases), expecting: Acknowledged.self)
        _ = try await client.request(OpenRound(runEpoch: 1, round: 1, time: 0), expecting: Acknowledged.self)
        _ = try await client.request(
            PlanRound(partition: 0, epoch: 1, round: 1, roots: 1), expecting: Acknowledged.self)
        #expect(try await client.request(LoadRun(), expecting: RunState.self).openRound == 1)
    }

    private func outcome() -> OutcomeRecord {
        let root = TurnID.root(round: 1, kind: .act, agent: "a")
        let spec = CompletionSpec(
            kind: .text, model: "", messages: [PromptMessage(role: .user, segments: ["?"])], constraint: .free,
            sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 4))
        let outcome = CompletionOutcome(
            answer: "yes", rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
        return OutcomeRecord(
            call: CallID(turn: root, number: 0), root: root, partition: 0, round: 1, agent: agent.agent,
            request: spec.requestHash, content: .completion(spec, outcome))
    }

    private func tree(using outcome: OutcomeRecord) -> Tree {
        let turn = TurnRecord(
            path: [], agent: agent.agent, failure: nil,
            outcomes: [OutcomeUse(number: 0, result: outcome.resultHash)],
            operations: [
                TargetedOperation(
                    number: 1, target: agent.agent, operation: .remember(text: "I said yes.", time: 0))
            ])
        return Tree(round: 1, kind: .act, turns: [turn])
    }
}
