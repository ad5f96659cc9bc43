import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import Transport
import TurnEngine
import Wire

/// Sends what has changed of the agents to the recorder in the background, so that a takeover need not read the whole
/// journal. Nothing waits for it.
///
/// Each partition's pieces go out one after the other, and the last makes the snapshot valid; a few partitions go side
/// by side, the one whose last piece is longest ago first. A round that closes meanwhile takes the place of a capture
/// that has not begun to go out, and leaves one that has: so each gets through, however fast rounds close.
final class SnapshotWriter: Sendable {
    private struct Capture {
        var lease: Lease
        var round: UInt32
        /// Agents that are not known to be durable, in ascending order.
        var changes: ArraySlice<AgentChange>
        /// Tells captures of one partition apart.
        var number: UInt64
        /// Whether its next piece takes the place of a damaged snapshot: all agents of the partition are yet to be
        /// sent.
        var isAnew: Bool
        /// Whether a piece of it has been sent, or is on its way.
        var hasBegun = false
        /// Whether an agent had to be left out: then the snapshot never becomes valid, the next one does.
        var isIncomplete = false
    }

    private struct State {
        var captures: [UInt32: Capture] = [:]
        /// Partitions of which a piece is on its way.
        var busy: Set<UInt32> = []
        /// Partitions whose damaged snapshot no piece is known to have taken the place of.
        var anew: Set<UInt32> = []
        /// Partitions a piece of which was refused: what it held is missing, and so none goes out until they are
        /// loaded again.
        var ended: Set<UInt32> = []
        var workers = 0
        var captured: UInt64 = 0
        /// Number of pieces that workers have taken up so far, and the number of each partition's last.
        var taken: UInt64 = 0
        var lastTaken: [UInt32: UInt64] = [:]
        var hasStopped = false
        var cost = Cost()
    }

    /// What captures and pieces came to so far.
    private struct Cost {
        var captured = 0
        var pieces = 0
        var bytes = 0
        /// The most processor time that a partition's capture took. Only this much of a snapshot ever holds up a round.
        var longestCapture = Span(nanoseconds: 0)
    }

    private enum Step { case done, later, drop, stop }

    private let recorder: WireClient
    private let table: Guarded<AgentTable>
    private let members: [[AgentID]]
    private let rounds: UInt32
    private let launcher: TaskLauncher
    private let pause: @Sendable () async throws -> Void
    private let meter: WorkMeter
    private let logger: Logger
    private let pieceBytes: Int
    private let width: Int
    private let state = Guarded(State())

    /// Bytes in a piece, about.
    static let usualPieceBytes = 1 << 20
    /// Partitions whose pieces are on their way at a time.
    static let usualWidth = 2

    /// A writer that captures every so many `rounds`, never where that is 0. `pause` waits before a recorder that has
    /// too much to do is asked again. `meter` counts what all this takes. A piece ends behind the agent that fills
    /// `pieceBytes`, and those of `width` partitions are on their way at a time.
    init(
        recorder: WireClient, table: Guarded<AgentTable>, members: [[AgentID]], rounds: Int, launcher: TaskLauncher,
        pause: @escaping @Sendable () async throws -> Void, meter: WorkMeter,
        pieceBytes: Int = SnapshotWriter.usualPieceBytes, width: Int = SnapshotWriter.usualWidth, logger: Logger
    ) {
        self.width = width
        self.pieceBytes = pieceBytes
        self.recorder = recorder
        self.table = table
        self.members = members
        self.rounds = UInt32(clamping: rounds)
        self.launcher = launcher
        self.pause = pause
        self.meter = meter
        self.logger = logger
    }

    /// Captures what changed in partitions whose agents are as of the end of `round`, and sends it in the background.
    /// Call it before the next round's first turn runs.
    func capture(_ leases: [Lease], round: UInt32) {
        guard rounds > 0, round % rounds == 0 else { return }
        let starting = state.withLock { state -> Int in
            guard !state.hasStopped else { return 0 }
            for lease in leases { capture(lease, round, &state) }
            let wanted = min(width, state.captures.count)
            defer { state.workers = max(state.workers, wanted) }
            return max(0, wanted - state.workers)
        }
        for _ in 0..<starting { launcher.launch(priority: .background) { await self.work() } }
    }

    private func capture(_ lease: Lease, _ round: UInt32, _ state: inout State) {
        guard !state.ended.contains(lease.partition) else { return }
        let known = state.captures[lease.partition]
        // What changed since is part of the next.
        if let known, known.hasBegun, !known.isIncomplete { return }
        let before = meter.now()
        defer {
            let taken = meter.since(before)
            meter.add(taken)
            state.cost.longestCapture = max(state.cost.longestCapture, taken)
        }
        let unsent = known?.changes.map(\.agent) ?? []
        let changes = table.withLock { $0.takeChanges(of: members[Int(lease.partition)], again: Set(unsent)) }
        state.captured += 1
        state.captures[lease.partition] = Capture(
            lease: lease, round: round, changes: changes[...], number: state.captured,
            isAnew: state.anew.contains(lease.partition))
        state.cost.captured += changes.count
    }

    /// A partition has been loaded: what was captured of it before is not part of what follows. `anew` where nothing of
    /// its snapshots was of use, and all of its agents count as changed: then the next piece takes their place.
    func begin(_ partition: UInt32, anew: Bool) {
        drop(partition)
        if anew { state.withLock { _ = $0.anew.insert(partition) } }
    }

    /// Forgets a partition that went to another host, or has to be loaded again.
    func drop(_ partition: UInt32) {
        state.withLock { state in
            state.captures[partition] = nil
            state.anew.remove(partition)
            state.ended.remove(partition)
        }
    }

    /// Number of partitions of which a snapshot is captured and not yet stored.
    var pending: Int { state.withLock { $0.captures.count } }

    // MARK: - In the background

    private func work() async {
        while let capture = next() {
            let step = await send(capture)
            state.withLock { state in
                state.busy.remove(capture.lease.partition)
                switch step {
                case .done, .later: break
                case .drop:
                    // A capture that has come meanwhile finds out by itself.
                    guard state.captures[capture.lease.partition]?.number == capture.number else { break }
                    state.captures[capture.lease.partition] = nil
                    state.ended.insert(capture.lease.partition)
                case .stop:
                    state.captures = [:]
                    state.hasStopped = true
                }
            }
            if case .later = step { try? await pause() } else { await Task.yield() }
        }
        report()
    }

    /// Says what snapshots have cost so far, once there is nothing more to send.
    private func report() {
        let cost = state.withLock { $0.captures.isEmpty && $0.workers == 0 ? $0.cost : nil }
        guard let cost, cost.pieces > 0 else { return }
        logger.info(
            "snapshots sent",
            metadata: [
                "agents": "\(cost.captured)", "pieces": "\(cost.pieces)", "bytes": "\(cost.bytes)",
                "cpu_us": "\(meter.total.nanoseconds / 1000)",
                "longest_capture_us": "\(cost.longestCapture.nanoseconds / 1000)",
            ])
    }

    /// The next capture to send a piece of; nil, and one worker less, when there is none.
    private func next() -> Capture? {
        state.withLock { state in
            let ready = state.captures.keys.filter { !state.busy.contains($0) }
                .min { (state.lastTaken[$0] ?? 0, $0) < (state.lastTaken[$1] ?? 0, $1) }
            guard let ready, state.captures[ready] != nil else {
                state.workers -= 1
                return nil
            }
            state.taken += 1
            state.lastTaken[ready] = state.taken
            state.captures[ready]?.hasBegun = true
            state.busy.insert(ready)
            return state.captures[ready]
        }
    }

    /// Sends the next piece of a capture and notes what is durable by it.
    private func send(_ capture: Capture) async -> Step {
        let (piece, isEnd, message) = meter.measure { [pieceBytes] in
            let piece = SnapshotPiece(capture.changes, maxBytes: pieceBytes) { change in
                table.withLock { $0.saved(for: change) }
            }
            let isEnd = piece.taken == capture.changes.count
            let isIncomplete = capture.isIncomplete || !piece.skipped.isEmpty
            if !piece.skipped.isEmpty { table.withLock { for agent in piece.skipped { $0.captureAgain(agent) } } }
            let message = StoreSnapshot(
                partition: capture.lease.partition, epoch: capture.lease.epoch, round: capture.round,
                agents: piece.agents, startsAnew: capture.isAnew, isLast: isEnd && !isIncomplete)
            return (piece, isEnd, message)
        }
        // What says nothing at all need not be sent.
        if message.isLast || !message.agents.isEmpty {
            let packed = meter.measure { message.packed() }
            do {
                _ = try await recorder.request(StoreSnapshot.kind, packed: packed, expecting: Acknowledged.self)
            } catch {
                return step(after: error, capture)
            }
            state.withLock { state in
                state.cost.pieces += 1
                state.cost.bytes += packed.count
            }
        }
        meter.measure {
            table.withLock { table in
                for (change, chain) in piece.saved { table.note(saved: chain, for: change) }
            }
            // Turns take the table between one part of it and the next.
            if isEnd { while table.withLock({ $0.archiveSaved() }) {} }
        }
        state.withLock { state in
            guard var known = state.captures[capture.lease.partition], known.number == capture.number else { return }
            if !piece.agents.isEmpty || message.isLast {
                state.anew.remove(capture.lease.partition)
                known.isAnew = false
            }
            known.changes.removeFirst(piece.taken)
            known.isIncomplete = known.isIncomplete || !piece.skipped.isEmpty
            state.captures[capture.lease.partition] = isEnd ? nil : known
        }
        return .done
    }

    private func step(after error: any Error, _ capture: Capture) -> Step {
        switch error {
        case let problem as Problem where problem.code == .fenced: return .drop
        case let problem as Problem where problem.code == .invalid || problem.code == .conflict:
            logger.warning(
                "a piece of a snapshot was refused; its partition has none until it is loaded again",
                metadata: ["partition": "\(capture.lease.partition)", "problem": "\(problem.code)"])
            return .drop
        // A recorder whose disk is full ends; where somebody makes room and starts another, snapshots go on.
        case let problem as Problem where [.overloaded, .unavailable, .storage].contains(problem.code): return .later
        case TransportError.overloaded: return .later
        case TransportError.refused(let refusal) where refusal.code == .credit: return .later
        // At the end of the process nobody is left to tell.
        case TransportError.closed, is CancellationError: return .stop
        default:
            logger.error(
                "no more snapshots are written; the run goes on without them",
                metadata: ["problem": "\(HostProblem.of(error).code)"])
            return .stop
        }
    }
}
