import Logging
import Model
import SimulationKit
import Support

/// What turns on this host read of the environment: a copy of its fields as of the end of the last closed round.
///
/// Whoever holds the environment's partition has its agent; all others follow what the recorder has merged, and a host
/// that comes later begins with the newest snapshot. The first turn of a round that asks brings the copy along.
final class WorldCopy: Sendable {
    private struct Copy {
        /// The environment with its fields and nothing else.
        var state = AgentState()
        /// Fields as turns read them.
        var world: World
        /// The round as of whose end they are; nil before anything is known of rounds that closed before.
        var round: UInt32?
        var work: Task<Void, any Error>?
        var isClosed = false
    }

    private let assets: SimulationAssets
    private let partition: UInt32
    private let merged: MergedPages
    private let snapshots: SnapshotReading
    private let launcher: TaskLauncher
    private let logger: Logger
    private let copy: Guarded<Copy>

    /// A copy of the environment in `partition`, of which nothing is known yet.
    init(
        assets: SimulationAssets, partition: UInt32, merged: MergedPages, snapshots: SnapshotReading,
        launcher: TaskLauncher, logger: Logger
    ) {
        self.assets = assets
        self.partition = partition
        self.merged = merged
        self.snapshots = snapshots
        self.launcher = launcher
        self.logger = logger
        copy = Guarded(Copy(world: World(assets.environment)))
    }

    /// The environment's fields as of the start of `round`, which is open. Who waits for the same ones shares the work.
    func fields(inRound round: UInt32) async throws -> World {
        precondition(round > 0, "rounds are counted from 1")
        let closed = round - 1
        guard closed > 0 else { return World(assets.environment) }
        while true {
            switch try next(closed) {
            case .known(let world): return world
            case .wait(let work): try await work.value
            }
        }
    }

    /// Interrupts what is under way, and lets nothing begin any more.
    func close() {
        copy.withLock { copy in
            copy.isClosed = true
            return copy.work
        }?.cancel()
    }

    private enum Step {
        case known(World)
        case wait(Task<Void, any Error>)
    }

    private func next(_ closed: UInt32) throws -> Step {
        try copy.withLock { copy in
            if copy.round == closed { return .known(copy.world) }
            if let work = copy.work { return .wait(work) }
            guard !copy.isClosed else { throw CancellationError() }
            guard copy.round ?? 0 < closed else {
                throw TurnInterrupted(reason: "round \(closed + 1) is closed", isKnown: true)
            }
            let work = launcher.launch { [self] in
                defer { self.copy.withLock { $0.work = nil } }
                try await follow(to: closed)
            }
            copy.work = work
            return .wait(work)
        }
    }

    /// Brings the copy to the end of a closed round.
    private func follow(to closed: UInt32) async throws {
        let known = copy.withLock { copy in copy.round.map { (state: copy.state, round: $0) } }
        var (state, round) =
            if let known { known } else { try await start(notAfter: closed) }
        let updater = StateUpdater(assets)
        while round < closed {
            round += 1
            try await merged.forEach(round: round, partition: partition) { page, _ in
                for change in page.operations where change.target == .environment && change.operation.isOfField {
                    updater.apply(change.operation, to: &state, of: .environment)
                }
            }
        }
        let (fields, world) = (state, assets.world(state))
        copy.withLock { copy in
            copy.state = fields
            copy.world = world
            copy.round = closed
        }
    }

    /// Where to begin: the newest snapshot, or round 1 where there is none that can be used.
    private func start(notAfter closed: UInt32) async throws -> (state: AgentState, round: UInt32) {
        var start = AgentState()
        do {
            guard let head = try await snapshots.environment(partition), head.round <= closed else {
                return (start, 0)
            }
            start.fields = head.state.fields
            return (start, head.round)
        } catch let damage as SnapshotDamage {
            logger.warning(
                "the environment's snapshot cannot be used, it is replayed from round 1",
                metadata: ["reason": "\(damage.reason)"])
            return (start, 0)
        }
    }
}

extension Model.Operation {
    /// Whether it changes a field.
    fileprivate var isOfField: Bool {
        switch self {
        case .set, .add, .append: true
        case .claim, .remember, .message, .event, .consolidate, .claimResult, .relate: false
        }
    }
}
