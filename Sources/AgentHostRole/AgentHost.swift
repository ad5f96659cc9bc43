import ClusterLogic
import Logging
import Metrics
import Model
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TurnEngine
import Wire

/// A host in one of its lives: feeds what happens to the host machine, one event after another, and performs its
/// actions.
final class AgentHost: Sendable {
    typealias Machine = HostMachine<PlannedRoot>

    /// Partitions that are loaded side by side, and as many that are prepared.
    private static let stepsAtATime = 8

    let accepted: HostAccepted
    private let parts: HostParts
    private let events: AsyncStream<Input>
    private let post: AsyncStream<Input>.Continuation
    private let map: Guarded<PartitionMap>
    private let peers = Guarded<[UInt32: Peer]>([:])
    private let loads: Admission
    /// Apart from the loads: behind those of many lost partitions the first would wait for the last before it runs.
    private let preparations: Admission
    private let looks = OpenQuestions<HostReading?>()
    /// By partition, what ends when nothing runs any more for leases of it that were lost.
    private let farewells = Guarded<[UInt32: Task<Void, any Error>]>([:])

    private enum Input: Sendable {
        case command(HostCommand)
        case event(Machine.Event)
        /// Somebody wants to know how the host is.
        case look
    }

    private struct Peer: Sendable {
        var endpoint: String
        var client: WireClient
    }

    init(_ parts: HostParts) {
        self.parts = parts
        accepted = parts.accepted
        (events, post) = AsyncStream.makeStream(of: Input.self)
        map = Guarded(PartitionMap())
        loads = Admission(limit: Self.stepsAtATime)
        preparations = Admission(limit: Self.stepsAtATime)
    }

    /// Hands in a command of the coordinator.
    func take(_ command: HostCommand) { post.yield(.command(command)) }

    /// Says whether the coordinator can be heard. While it cannot, no root turn starts.
    func coordinatorHeard(_ isHeard: Bool) { post.yield(.event(.coordinatorHeard(isHeard))) }

    /// Says how the host is, between one event and the next; nil once its life is over.
    func look(_ reply: @escaping @Sendable (HostReading?) -> Void) {
        if looks.add(reply) { post.yield(.look) } else { reply(nil) }
    }

    /// Answers another host's ask, later. Once the root turn's partition is granted anew nobody waits for the answer
    /// any more, and it is given up: an heir that runs the turn again has read what was recorded, not what comes after.
    func answer(_ ask: Ask, _ responder: Responder) {
        let asking = TaskBag.Asking(partition: ask.rootPartition, epoch: ask.rootEpoch)
        // Under the lock, so that a grant that comes meanwhile finds the ask.
        let problem = map.withLock { map -> Problem? in
            guard !map.isOver(asking.epoch, of: asking.partition) else {
                return Problem(.fenced, "partition \(asking.partition), whose turn asks, has been granted anew")
            }
            let isTaken = parts.bag.launch(asking: asking) { [parts] in
                // The time of the asker's round: this host may not have begun it yet.
                await responder.reply { try await parts.router.answer(ask, time: parts.time(ofRound: ask.round)) }
            }
            return isTaken ? nil : Problem(.unavailable, "this host leaves")
        }
        if let problem { responder.fail(problem) }
    }

    /// Works until the task is cancelled, and then until everything that it started has ended.
    func run() async {
        var machine = Machine(partitions: parts.placement.partitions, window: parts.window)
        for await input in events {
            guard !Task.isCancelled else { break }
            let event: Machine.Event? =
                switch input {
                case .event(let event): event
                case .command(let command): translated(command)
                case .look: answerLooks()
                }
            guard let event else { continue }
            for action in machine.handle(event) { perform(action) }
        }
        looks.close { nil }
        parts.gate.closeAll()
        // Consolidations first: root turns wait for them, and would wait for a model that does not answer.
        await parts.turns.close()
        await parts.bag.close()
        for farewell in farewells.withLock({ $0.sorted { $0.key < $1.key }.map(\.value) }) {
            _ = try? await farewell.value
        }
        for (_, peer) in peers.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { peer.client.close() }
    }

    private func answerLooks() -> Machine.Event? {
        looks.answer { parts.reading }
        return nil
    }

    // MARK: Commands

    private func translated(_ command: HostCommand) -> Machine.Event? {
        switch command {
        case .grant(let message):
            update(message)
            let held = map.withLock { $0.held(by: accepted.host) }
            return .map(grant: message.grant, closedRound: message.closedRound, leases: held)
        case .start(let start): return .start(round: start.round, time: start.time)
        case .environment(let round): return .environment(round: round, time: parts.time(ofRound: round))
        case .drain(let round): return .drain(round: round, time: parts.time(ofRound: round))
        case .dismiss: return nil
        }
    }

    /// Takes a newer map over, with connections to all other hosts in it. Closing those to hosts that are gone sends
    /// whoever waits for them to look again.
    private func update(_ message: LeaseGrant) {
        let isNewer = map.withLock { map in
            guard message.grant > map.grant else { return false }
            map.update(message)
            parts.bag.cancel { map.isOver($0.epoch, of: $0.partition) }
            return true
        }
        guard isNewer else { return }
        parts.mapChanged(map.withLock { $0.held(by: accepted.host) })
        var connected: [UInt32: Peer] = [:]
        let before = peers.withLock { $0 }
        for address in message.hosts where address.host != accepted.host {
            if let known = before[address.host], known.endpoint == address.endpoint {
                connected[address.host] = known
            } else if let link = try? parts.ports.connect(address.endpoint, parts.introduction, { _ in }) {
                connected[address.host] = Peer(endpoint: address.endpoint, client: WireClient(link))
            }
        }
        let now = connected
        peers.withLock { $0 = now }
        parts.router.update(map.withLock { $0 }, peers: now.mapValues(\.client))
        for (host, peer) in before.sorted(by: { $0.key < $1.key }) where now[host]?.endpoint != peer.endpoint {
            peer.client.close()
        }
    }

    // MARK: Actions

    private func perform(_ action: Machine.Action) {
        switch action {
        case .drop(let leases): for lease in leases { drop(lease) }
        case .load(let leases, let round):
            for lease in leases { load(lease, round) }
        case .advance(let leases, let round):
            for lease in leases {
                start(lease, in: loads) {
                    try await $0.loader.advance([lease], to: round)
                } then: {
                    .loaded(lease, round: round)
                }
            }
        case .begin(let round, let time): parts.turns.begin(round, time: time)
        case .prepare(let lease, let round, let isMerged):
            start(lease, in: preparations) {
                try await $0.turns.prepare(lease, round: round, isMerged: isMerged)
            } then: {
                .prepared(lease, round: round, first: $0.consolidations, then: $0.acts)
            }
        case .open(let lease, let round): parts.gate.open(lease, round: round)
        case .run(let root, let lease): run(root, lease)
        case .runEnvironment(let lease, let round): runEnvironment(lease, round)
        case .report(let report): tell(report)
        }
    }

    /// Interrupts what runs for a lost lease. Only when all of it has ended is the partition forgotten, and only then
    /// can it be loaded anew: nothing late may write into what comes after.
    private func drop(_ lease: Lease) {
        parts.gate.close(lease)
        let running = parts.bag.cancel(lease) + parts.turns.interrupt(lease)
        let before = farewells.withLock { $0[lease.partition] }
        let farewell = parts.ports.launcher.launch { [parts] in
            _ = try? await before?.value
            for task in running { _ = try? await task.value }
            parts.turns.drop(lease)
        }
        farewells.withLock { $0[lease.partition] = farewell }
    }

    private func load(_ lease: Lease, _ round: UInt32) {
        parts.gate.hold(lease)
        let farewell = farewells.withLock { $0[lease.partition] }
        start(lease, in: loads, after: farewell) {
            try await $0.loader.load([lease], closedRound: round)
        } then: {
            .loaded(lease, round: round)
        }
    }

    /// Runs a step for a partition beside others; what comes of it is the next event.
    private func start<Result: Sendable>(
        _ lease: Lease, in admission: Admission, after farewell: Task<Void, any Error>? = nil,
        _ work: @escaping @Sendable (HostParts) async throws -> Result,
        then event: @escaping @Sendable (Result) -> Machine.Event
    ) {
        parts.bag.launch(for: lease) { [self] in
            // Outside of the admission: what ends may itself wait for room there.
            _ = try? await farewell?.value
            do {
                post.yield(.event(event(try await admission.run { try await work(self.parts) })))
            } catch {
                parts.failed(error)
                post.yield(.event(.stepFailed(lease)))
            }
        }
    }

    private func run(_ root: PlannedRoot, _ lease: Lease) {
        parts.bag.launch(for: lease) { [self] in
            do {
                try await parts.turns.run(root, lease)
                post.yield(.event(.rootDurable(lease)))
            } catch {
                parts.failed(error)
                post.yield(.event(.rootInterrupted(root, lease)))
            }
        }
    }

    private func runEnvironment(_ lease: Lease, _ round: UInt32) {
        parts.bag.launch(for: lease) { [self] in
            do {
                try await parts.turns.runEnvironment(lease, round)
                post.yield(.event(.environmentDurable(round: round)))
            } catch {
                parts.failed(error)
                post.yield(.event(.environmentInterrupted(lease)))
            }
        }
    }

    private func tell(_ report: Machine.Report) {
        let host = accepted.host
        switch report {
        case .ready(let grant, let round): parts.report(LeaseReady(host: host, grant: grant, round: round))
        case .finished(let round, let leases):
            parts.report(RoundFinished(host: host, round: round, leases: leases))
        case .environmentFinished(let round): parts.report(EnvironmentFinished(host: host, round: round))
        case .drained(let round): parts.report(Drained(host: host, round: round))
        }
    }
}
