import Hashing
import Model
import Recording
import Support
import Testing

@testable import RecorderRole

/// A clock that moves when it is told to.
private final class TestClock: MonotonicClock {
    private let time = Guarded(Instant(nanoseconds: 0))
    func now() -> Instant { time.withLock { $0 } }
    func advance(_ span: Span) { time.withLock { $0 = $0 + span } }
}

/// Collects replies.
private final class Replies: Sendable {
    private let results = Guarded<[Result<RecordReply, StoreProblem>]>([])
    var all: [Result<RecordReply, StoreProblem>] { results.withLock { $0 } }
    func add(_ result: Result<RecordReply, StoreProblem>) { results.withLock { $0.append(result) } }
}

private let agent = RecordedAgent(
    agent: AgentID(number: 0), id: "a", type: "seeker", partition: 0, profile: "{}")

/// A store with a run of one agent and an open round.
private func openStore() throws -> SQLiteRecordStore {
    let store = try SQLiteRecordStore(.memory, wallClock: { 0 })
    let definition = RunDefinition(
        run: "r", seed: 1, partitions: 1, programVersion: "1", configuration: "", files: [], models: [], model: "",
        contextTokens: 0, embeddingModel: "", embeddingDimension: 0)
    let replies = try store.append([
        .createRun(name: "r", definition: definition.packed()), .raiseEpoch(epoch: 1, rounds: 1, owner: 1),
        .recordAgents([agent]),
        .grantPartitions(
            runEpoch: 1, leases: [0, 1].map { Lease(partition: $0, epoch: 1, host: 0) }),
        .openRound(RecordedStep(runEpoch: 1, round: 1, time: 0)),
    ])
    for reply in replies { _ = try reply.get() }
    return store
}

private let root = TurnID.root(round: 1, kind: .act, agent: "a")

private func outcome(_ answer: String = "yes") -> OutcomeRecord {
    let spec = CompletionSpec(
        kind: .text, model: "", messages: [PromptMessage(role: .user, segments: ["?"])], constraint: .free,
        sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 4))
    let outcome = CompletionOutcome(
        answer: answer, rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
    return OutcomeRecord(
        call: CallID(turn: root, number: 0), root: root, partition: 0, round: 1, agent: agent.agent,
        request: spec.requestHash, content: .completion(spec, outcome))
}

/// Number of outcomes on the first page of the partition.
private func recorded(_ store: any RecordStore) throws -> Int {
    try store.outcomes(0, epoch: 1, round: 1, root: nil, cursor: 0).outcomes.count
}

private func commit(using record: OutcomeRecord) -> TreeCommit {
    let turn = TurnRecord(
        path: [], agent: agent.agent, failure: nil,
        outcomes: [OutcomeUse(number: 0, result: record.resultHash)], operations: [])
    return TreeCommit(
        partition: 0, epoch: 1, root: root, round: 1, tree: Tree(round: 1, kind: .act, turns: [turn]).packed(),
        outcomes: [OutcomeName(call: record.call, request: record.request, result: record.resultHash)])
}

@Suite struct WriterLoopTests {
    private func loop(
        _ store: any RecordStore, _ clock: TestClock = TestClock(), queue: WorkQueue
    ) -> WriterLoop {
        WriterLoop(store: store, queue: queue, clock: clock, settings: RecorderSettings())
    }

    @Test func aCommitFindsTheOutcomesThatCameBesideIt() throws {
        let replies = Replies()
        var loop = loop(try openStore(), queue: try WorkQueue(limit: 8))
        loop.process([
            .write(.commit(commit(using: outcome())), reply: replies.add),
            .write(.outcomes([outcome()]), reply: replies.add),
        ])
        #expect(try replies.all.map { try $0.get() } == [.done, .committed])
    }

    @Test func aCommitWaitsForOutcomesThatComeLater() throws {
        let (committed, recorded) = (Replies(), Replies())
        var loop = loop(try openStore(), queue: try WorkQueue(limit: 8))
        loop.process([.write(.commit(commit(using: outcome())), reply: committed.add)])
        #expect(committed.all.isEmpty)
        loop.process([.write(.outcomes([outcome()]), reply: recorded.add)])
        #expect(try committed.all.map { try $0.get() } == [.committed])
        #expect(try recorded.all.map { try $0.get() } == [.done])
    }

    @Test func aWaitingCommitRerunsWhenAnotherResultComes() throws {
        let committed = Replies()
        var loop = loop(try openStore(), queue: try WorkQueue(limit: 8))
        loop.process([.write(.commit(commit(using: outcome("yes"))), reply: committed.add)])
        loop.process([.write(.outcomes([outcome("no")]), reply: { _ in })])
        #expect(try committed.all.map { try $0.get() } == [.rerun])
    }

    @Test func aCommitWhoseOutcomesNeverComeIsToRunAgain() throws {
        let (replies, clock) = (Replies(), TestClock())
        var loop = loop(try openStore(), clock, queue: try WorkQueue(limit: 8))
        loop.process([.write(.commit(commit(using: outcome())), reply: replies.add)])
        clock.advance(.milliseconds(1900))
        loop.failOverdue()
        #expect(replies.all.isEmpty)
        clock.advance(.milliseconds(100))
        loop.failOverdue()
        #expect(try replies.all.map { try $0.get() } == [.rerun])
    }
}

@Suite struct RecorderServiceTests {
    @Test func manyRequestsFromManyThreadsAreAllAnsweredInFewBatches() async throws {
        let store = try openStore()
        let before = try batches(store)
        let service = try RecorderService(store: store, clock: SystemClock())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt32(0)..<500 {
                group.addTask {
                    var record = outcome()
                    record.call.number = number
                    _ = try await write(.outcomes([record]), service)
                }
            }
            try await group.waitForAll()
        }
        service.stop()
        #expect(try batches(store) - before < 400)
        #expect(try recorded(store) == 500)
    }

    @Test func questionsSeeWhatWasWrittenBefore() async throws {
        let service = try RecorderService(store: try openStore(), clock: SystemClock())
        service.write(.outcomes([outcome()])) { _ in }
        let count = try await withCheckedThrowingContinuation { continuation in
            service.read({ try recorded($0) }) { continuation.resume(with: $0) }
        }
        #expect(count == 1)
        service.stop()
    }

    @Test func afterTheStopRequestsAreTurnedAway() throws {
        let replies = Replies()
        let service = try RecorderService(store: try openStore(), clock: SystemClock())
        service.stop()
        service.write(.outcomes([outcome()]), reply: replies.add)
        guard case .failure(.overloaded) = replies.all.first else {
            Issue.record("the request was taken in")
            return
        }
    }

    @Test func aFailedStoreAnswersEveryRequestWithTheReason() throws {
        let store = try openStore()
        try store.close()
        let replies = Replies()
        var loop = WriterLoop(
            store: store, queue: try WorkQueue(limit: 1), clock: SystemClock(), settings: RecorderSettings())
        loop.process([.write(.outcomes([outcome()]), reply: replies.add)])
        guard case .failure(.failed) = replies.all.first else {
            Issue.record("the failure was not passed on")
            return
        }
    }

    private func write(_ request: RecordRequest, _ service: RecorderService) async throws -> RecordReply {
        try await withCheckedThrowingContinuation { continuation in
            service.write(request) { continuation.resume(with: $0) }
        }
    }

    private func batches(_ store: SQLiteRecordStore) throws -> UInt64 {
        try store.summary().counters.first { $0.name == "batches" }?.count ?? 0
    }
}
