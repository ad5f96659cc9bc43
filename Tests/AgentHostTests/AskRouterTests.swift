import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Support
import Testing
import Transport
import Wire

@testable import AgentHostRole

@Suite struct AskRouterTests {
    /// Runs passive turns by answering with a word, or as a test says.
    private struct Turns: PassiveTurns {
        var work: @Sendable () async throws -> Void = {}
        func answer(_ ask: AskCall, under lease: Lease) async throws -> AskReply {
            try await work()
            return AskReply(answer: .text("here"), turns: [], outcomes: [])
        }
    }

    private struct Setting {
        let gate = PartitionGate()
        let traps = TrapCounts()
        let placement: Placement
        let router: AskRouter

        /// A router of host 0; `look` is called before each further look at the map.
        init(
            recorder: FakeRecorder = recorder(),
            look: @escaping @Sendable (AskRouter, PartitionGate, Int) throws -> Void = { _, _, _ in }
        ) throws {
            placement = Placement(partitions: 1, population: try IdleScenario.assets(agents: 2).population)
            let router = Guarded<AskRouter?>(nil)
            let gate = gate
            let made = AskRouter(
                host: 0, placement: placement, gate: gate,
                recorded: RecordedReading(recorder: WireClient(recorder)), traps: traps
            ) { tries in
                if let router = router.withLock({ $0 }) { try look(router, gate, tries) }
            }
            router.withLock { $0 = made }
            self.router = made
        }
    }

    private static func map(_ grant: UInt64, host: UInt32, epoch: UInt64) -> PartitionMap {
        var map = PartitionMap()
        map.update(
            LeaseGrant(
                grant: grant, closedRound: 0, leases: [Lease(partition: 0, epoch: epoch, host: host)],
                hosts: []))
        return map
    }

    private static func take(over router: AskRouter, _ gate: PartitionGate) {
        gate.hold(Lease(partition: 0, epoch: 2, host: 0))
        gate.open(Lease(partition: 0, epoch: 2, host: 0), round: 1)
        router.update(map(2, host: 0, epoch: 2), peers: [:])
    }

    private let ask = AskCall(
        tree: TreeContext(
            round: 1, time: 0, root: .root(round: 1, kind: .act, agent: "p"), rootPartition: 0), path: [1],
        asker: AgentID(number: 1), agent: AgentID(number: 0), request: .null, written: [])

    /// A recorder that knows these outcomes, and traps of the ask's tree.
    private static func recorder(
        alone: UInt32 = 0, outcomes: @escaping @Sendable () throws -> [OutcomeRecord] = { [] }
    ) -> FakeRecorder {
        let root = TurnID.root(round: 1, kind: .act, agent: "p")
        return FakeRecorder { envelope in
            if envelope.kind == WireKind.loadTraps.rawValue {
                return Traps(counts: alone == 0 ? [] : [TrapCount(root: root, times: alone, alone: alone)])
            }
            return RecordedOutcomes(consolidations: [], outcomes: try outcomes(), next: 0)
        }
    }

    private static let passing: [Problem.Code] = [.fenced, .unavailable, .overloaded]

    @Test(arguments: passing) func anAskFollowsThePartitionToItsNewHolder(code: Problem.Code) async throws {
        let setting = try Setting { router, gate, tries in if tries == 2 { Self.take(over: router, gate) } }
        setting.router.connect(Turns())
        let peer = FakeRecorder { _ in throw Problem(code, "not now") }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(ask).answer == .text("here"))
        #expect(try peer.seen(Ask.self).count == 3)
    }

    @Test func anAskCarriesAnswersWithoutTheirPrompts() async throws {
        let setting = try Setting()
        let root = ask.tree.root
        let below = CallID(turn: root.passive(number: 1), number: 0)
        let outcome = RecordedOutcome(request: root.digest, content: .answer("yes", rejection: ""))
        var rerun = ask
        rerun.tree = TreeContext(
            round: 1, time: 0, root: root, rootPartition: 0,
            recorded: [below: outcome, CallID(turn: root, number: 0): outcome])
        let peer = FakeRecorder { _ in Asked(answer: .text("there"), turns: [], outcomes: []) }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(rerun).answer == .text("there"))
        #expect(try peer.seen(Ask.self).map(\.recorded) == [[RecordedCall(call: below, outcome: outcome)]])
    }

    @Test func anAskThatIsMadeAgainBringsWhatWasRecordedMeanwhile() async throws {
        let root = ask.tree.root
        let call = CallID(turn: root.passive(number: 1), number: 0)
        let outcome = OutcomeRecord(
            call: call, root: root, partition: 0, round: 1, agent: ask.agent, request: root.digest,
            content: .embedding(model: "m", texts: [], vectors: []))
        let isReadable = Guarded(false)
        let recorder = Self.recorder {
            guard isReadable.withLock({ $0 }) else { throw Problem(.fenced, "the root's partition changes hands, too") }
            return [outcome]
        }
        let setting = try Setting(recorder: recorder) { _, _, tries in isReadable.withLock { $0 = tries == 2 } }
        let isFirst = Guarded(true)
        let peer = FakeRecorder { _ in
            if isFirst.withLock({ isFirst in
                defer { isFirst = false }
                return isFirst
            }) {
                throw TransportError.closed
            }
            return Asked(answer: .text("there"), turns: [], outcomes: [])
        }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(ask).answer == .text("there"))
        let asks = try peer.seen(Ask.self)
        #expect(asks.map { $0.recorded.map(\.call) } == [[], [call]])
        #expect(try recorder.seen(FetchOutcomes.self).map(\.epoch) == [1, 1, 1])
    }

    @Test func anAskThatNobodyTookIsMadeAgainWithoutAskingTheRecorder() async throws {
        let recorder = Self.recorder()
        let setting = try Setting(recorder: recorder) { router, gate, tries in
            if tries == 3 { Self.take(over: router, gate) }
        }
        setting.router.connect(Turns())
        let peer = FakeRecorder { _ in throw Problem(.fenced, "not here") }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(ask).answer == .text("here"))
        #expect(try recorder.seen(FetchOutcomes.self).isEmpty)
    }

    @Test func aTreeThatEndsItsHostsIsNotBroughtToAnotherOne() async throws {
        for alone in [TurnFailure.mostTraps - 1, TurnFailure.mostTraps] {
            let setting = try Setting(recorder: Self.recorder(alone: alone)) { router, gate, _ in
                Self.take(over: router, gate)
            }
            setting.router.connect(Turns())
            let peer = FakeRecorder { _ in throw TransportError.closed }
            setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
            if alone == TurnFailure.mostTraps {
                await #expect(throws: TurnInterrupted.self) { try await setting.router.ask(ask) }
            } else {
                #expect(try await setting.router.ask(ask).answer == .text("here"))
            }
        }
    }

    @Test func anAskSaysWhatItsHostKnowsOfTrapsOfTheTree() async throws {
        let setting = try Setting(recorder: Self.recorder(alone: 2))
        let isFirst = Guarded(true)
        let peer = FakeRecorder { _ in
            let isLost = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            if isLost { throw TransportError.closed }
            return Asked(answer: .text("there"), turns: [], outcomes: [])
        }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(ask).answer == .text("there"))
        #expect(try peer.seen(Ask.self).map { [$0.traps, $0.alone] } == [[0, 0], [2, 2]])
    }

    @Test func whatAnAskSaysOfTrapsHoldsForTheTreeHereToo() async throws {
        let setting = try Setting()
        let (traps, root) = (setting.traps, ask.tree.root)
        let wasSuspect = Guarded(false)
        setting.gate.hold(Lease(partition: 0, epoch: 1, host: 0))
        setting.router.connect(Turns { wasSuspect.withLock { $0 = traps.isSuspect(root) } })
        setting.router.update(Self.map(1, host: 0, epoch: 1), peers: [:])
        let foreign = Ask(
            epoch: 1, round: 1, root: root, rootPartition: 0, path: [1], asker: AgentID(number: 1),
            agent: AgentID(number: 0), request: .null, written: [], recorded: [], traps: 2, alone: 1)
        // The ask comes before the round has begun here, which forgets what was known of the one before.
        let answer = Task.immediate { try await setting.router.answer(foreign, time: 0) }
        traps.reset()
        setting.gate.open(Lease(partition: 0, epoch: 1, host: 0), round: 1)
        _ = try await answer.value
        #expect(wasSuspect.withLock { $0 })
        #expect(traps.count(of: root) == TrapCount(root: root, times: 2, alone: 1))
    }

    @Test func aHolderThatIsGoneIsNoFailureOfTheTurn() async throws {
        let setting = try Setting { router, gate, _ in Self.take(over: router, gate) }
        setting.router.connect(Turns())
        let peer = FakeRecorder { _ in throw TransportError.closed }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        #expect(try await setting.router.ask(ask).answer == .text("here"))
    }

    @Test func whatSaysSomethingAboutTheAskItselfIsNotAskedAgain() async throws {
        let setting = try Setting()
        setting.router.connect(Turns())
        let peer = FakeRecorder { _ in throw Problem(.invalid, "no such request") }
        setting.router.update(Self.map(1, host: 1, epoch: 1), peers: [1: WireClient(peer)])
        await #expect(throws: Problem.self) { try await setting.router.ask(ask) }
        #expect(try peer.seen(Ask.self).count == 1)
    }

    @Test func anInterruptionOfALostPartitionDoesNotInterruptTheAsker() async throws {
        let isFirst = Guarded(true)
        let setting = try Setting { router, gate, _ in Self.take(over: router, gate) }
        let lease = Lease(partition: 0, epoch: 1, host: 0)
        setting.gate.hold(lease)
        setting.gate.open(lease, round: 1)
        setting.router.connect(
            Turns {
                let first = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                if first { throw CancellationError() }
            })
        setting.router.update(Self.map(1, host: 0, epoch: 1), peers: [:])
        #expect(try await setting.router.ask(ask).answer == .text("here"))
    }

    @Test func anotherHostsAskUnderAnotherEpochIsRefused() async throws {
        let setting = try Setting()
        setting.router.connect(Turns())
        setting.router.update(Self.map(1, host: 0, epoch: 1), peers: [:])
        let foreign = Ask(
            epoch: 9, round: 1, root: ask.tree.root, rootPartition: 0, path: [1], asker: AgentID(number: 1),
            agent: AgentID(number: 0), request: .null, written: [], recorded: [])
        let problem = await #expect(throws: Problem.self) { try await setting.router.answer(foreign, time: 0) }
        #expect(problem?.code == .fenced)
    }

    @Test func anInterruptedPassiveTurnIsForTheOtherHostOneThatCannotAnswerNow() async throws {
        let setting = try Setting()
        let lease = Lease(partition: 0, epoch: 1, host: 0)
        setting.gate.hold(lease)
        setting.gate.open(lease, round: 1)
        setting.router.connect(Turns { throw TurnInterrupted(reason: "no model") })
        setting.router.update(Self.map(1, host: 0, epoch: 1), peers: [:])
        let foreign = Ask(
            epoch: 1, round: 1, root: ask.tree.root, rootPartition: 0, path: [1], asker: AgentID(number: 1),
            agent: AgentID(number: 0), request: .null, written: [], recorded: [])
        let problem = await #expect(throws: Problem.self) { try await setting.router.answer(foreign, time: 0) }
        #expect(problem?.code == .unavailable)
    }
}
