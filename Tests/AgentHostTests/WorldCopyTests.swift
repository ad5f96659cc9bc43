import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import Testing
import Transport
import Wire

@testable import AgentHostRole

/// A host's copy of the environment: what it asks the recorder for, and what turns read.
@Suite(.timeLimit(.minutes(1))) struct WorldCopyTests {
    /// Three closed rounds, each of which adds its number to the field `sum` and sets the field `last`.
    private static func recorder(
        head: @escaping @Sendable () throws -> AgentHead? = { nil }
    ) -> FakeRecorder {
        FakeRecorder { envelope in
            switch WireKind(rawValue: envelope.kind) {
            case .loadSnapshot:
                let question = try LoadSnapshot(body: envelope.body)
                #expect(question.partition == 4 && question.epoch == nil)
                let head = try head()
                return SnapshotPage(round: head?.round ?? 0, agents: head.map { [$0] } ?? [], more: false)
            case .fetchMerged:
                let question = try FetchMerged(body: envelope.body)
                #expect(question.partition == 4)
                let source = AgentID(number: 7)
                let all: [Model.Operation] = [
                    .add(field: "sum", amount: Int64(question.round)),
                    .message(sender: source, subject: "hello", body: .null),
                    .set(field: "last", value: .int(Int64(question.round))),
                ]
                // One operation a page.
                let offset = Int(question.offset)
                return MergedOperations(
                    operations: [
                        MergedOperation(source: source, target: .environment, operation: all[offset])
                    ], vectors: [], more: offset + 1 < all.count)
            default: throw Problem(.invalid, "nobody asks for this")
            }
        }
    }

    private static func copy(_ recorder: FakeRecorder) throws -> WorldCopy {
        var assets = try IdleScenario.assets(agents: 3)
        assets = SimulationAssets(
            scenario: assets.scenario, population: assets.population, prompts: assets.prompts, seed: assets.seed,
            models: assets.models, memory: assets.memory, limits: assets.limits, embeddingModel: "",
            embeddingDimension: 4, collections: [:], environment: ["sum": .int(100), "place": .text("square")])
        let client = WireClient(recorder)
        let retry = ServiceRetry(
            pause: { _ in
                try Task.checkCancellation()
                await Task.yield()
            }, report: { _ in })
        return WorldCopy(
            assets: assets, partition: 4, merged: MergedPages(recorder: client, retry: retry, dimension: 4),
            snapshots: SnapshotReading(recorder: client, retry: retry, dimension: 4), launcher: TaskLauncher(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func world(sum: Int64, last: Int64) -> World {
        World(["sum": .int(sum), "last": .int(last), "place": .text("square")])
    }

    @Test func beforeTheFirstRoundHasClosedTheInitialFieldsAreThereWithoutAQuestion() async throws {
        let recorder = Self.recorder()
        let copy = try Self.copy(recorder)
        #expect(try await copy.fields(inRound: 1).fields == ["sum": .int(100), "place": .text("square")])
        #expect(try recorder.seen(LoadSnapshot.self).isEmpty && recorder.seen(FetchMerged.self).isEmpty)
    }

    @Test func aCopyFollowsTheMergedRoundsOneAfterTheOther() async throws {
        let recorder = Self.recorder()
        let copy = try Self.copy(recorder)
        #expect(try await copy.fields(inRound: 2) == Self.world(sum: 101, last: 1))
        #expect(try await copy.fields(inRound: 2) == Self.world(sum: 101, last: 1))
        #expect(try await copy.fields(inRound: 4) == Self.world(sum: 106, last: 3))
        #expect(try recorder.seen(LoadSnapshot.self).count == 1)
        #expect(try recorder.seen(FetchMerged.self).map(\.round) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
    }

    @Test func manyTurnsThatAskAtOnceShareOneWay() async throws {
        let recorder = Self.recorder()
        let copy = try Self.copy(recorder)
        try await withThrowingTaskGroup(of: World.self) { group in
            for _ in 0..<50 { group.addTask { try await copy.fields(inRound: 2) } }
            for try await world in group { #expect(world == Self.world(sum: 101, last: 1)) }
        }
        #expect(try recorder.seen(FetchMerged.self).count == 3)
    }

    @Test func aHostThatComesLaterBeginsWithTheNewestSnapshot() async throws {
        var state = AgentState()
        state.fields = ["sum": .int(103), "last": .int(2)]
        let head = AgentHead(agent: .environment, round: 2, head: state.packedHead(MemoryChain()))
        let recorder = Self.recorder { head }
        #expect(try await Self.copy(recorder).fields(inRound: 4) == Self.world(sum: 106, last: 3))
        #expect(try recorder.seen(FetchMerged.self).map(\.round) == [3, 3, 3])
    }

    /// 0: bytes that are no head; 1: damage that the recorder found; 2: another agent's head; 3: a head from the
    /// future.
    @Test(arguments: 0..<4) func aSnapshotThatCannotBeUsedIsReplacedByTheJournal(_ kind: Int) async throws {
        let good = AgentState().packedHead(MemoryChain())
        let recorder = Self.recorder {
            switch kind {
            case 0: return AgentHead(agent: .environment, round: 2, head: [1, 2, 3])
            case 1: throw Problem(.conflict, "a snapshot is damaged")
            case 2: return AgentHead(agent: AgentID(number: 1), round: 2, head: good)
            default: return AgentHead(agent: .environment, round: 4, head: good)
            }
        }
        #expect(try await Self.copy(recorder).fields(inRound: 4) == Self.world(sum: 106, last: 3))
    }

    @Test func aTurnOfARoundThatIsLongClosedIsInterrupted() async throws {
        let copy = try Self.copy(Self.recorder())
        _ = try await copy.fields(inRound: 3)
        await #expect(throws: TurnInterrupted.self) { try await copy.fields(inRound: 2) }
    }

    @Test func afterTheEndNothingBeginsAndWhatIsUnderWayIsInterrupted() async throws {
        let asked = AsyncStream<Void>.makeStream()
        let recorder = FakeRecorder { _ in
            asked.continuation.yield()
            throw Problem(.unavailable, "not now")
        }
        let copy = try Self.copy(recorder)
        let waiting = Task { try await copy.fields(inRound: 2) }
        for await _ in asked.stream { break }
        copy.close()
        await #expect(throws: (any Error).self) { try await waiting.value }
        await #expect(throws: CancellationError.self) { try await copy.fields(inRound: 2) }
    }
}
