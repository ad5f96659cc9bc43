import Logging
import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Wire

/// Brings partitions to the end of a closed round: from their newest snapshot and the merged operations of the rounds
/// after it, or from the whole journal where no snapshot can be used.
final class PartitionLoader: Sendable {
    private struct Held {
        var epoch: UInt64
        /// The round as of whose end its agents are in the table.
        var round: UInt32
    }

    /// The agents that this host holds.
    let table: Guarded<AgentTable>
    /// Agents of each partition, the environment's last.
    let members: [[AgentID]]

    private let assets: SimulationAssets
    private let recorder: WireClient
    private let retry: ServiceRetry
    private let merged: MergedPages
    private let snapshots: SnapshotWriter
    private let launcher: TaskLauncher
    private let logger: Logger
    private let partitions: [UInt32]
    private let held = Guarded<[UInt32: Held]>([:])
    private let memories = Guarded<[AgentID: Task<Void, any Error>]>([:])
    private let rebuilds = Guarded<[UInt32: Task<Void, any Error>]>([:])

    /// Partitions that are loaded side by side; each has a few pages in memory.
    private static let width = 4

    init(
        assets: SimulationAssets, recorder: WireClient, retry: ServiceRetry, table: Guarded<AgentTable>,
        members: [[AgentID]], snapshots: SnapshotWriter, launcher: TaskLauncher, logger: Logger
    ) {
        self.assets = assets
        self.recorder = recorder
        self.retry = retry
        self.table = table
        self.members = members
        self.snapshots = snapshots
        self.launcher = launcher
        self.logger = logger
        merged = MergedPages(recorder: recorder, retry: retry, dimension: assets.embeddingDimension)
        var partitions = [UInt32](repeating: 0, count: assets.population.count)
        for (partition, agents) in members.enumerated() {
            for agent in agents where agent != .environment { partitions[Int(agent.number)] = UInt32(partition) }
        }
        self.partitions = partitions
    }

    private func partition(of agent: AgentID) -> UInt32 {
        agent == .environment ? UInt32(members.count - 1) : partitions[Int(agent.number)]
    }

    /// Number of partitions of which a snapshot is captured and not yet stored.
    var pendingSnapshots: Int { snapshots.pending }

    // MARK: - Partitions

    /// Brings the agents of partitions that are not loaded under these leases to the end of `closedRound`. Call it
    /// before any turn of theirs runs in the round after.
    func load(_ leases: [Lease], closedRound: UInt32) async throws {
        let fresh = held.withLock { held in leases.filter { held[$0.partition]?.epoch != $0.epoch } }
        try await sideBySide(fresh) { lease in
            let loaded = try await self.loaded(lease, closedRound)
            self.table.withLock { table in
                table.drop(self.members[Int(lease.partition)])
                table.absorb(loaded.table)
            }
            self.snapshots.begin(lease.partition, anew: loaded.isDamaged)
            self.held.withLock { $0[lease.partition] = Held(epoch: lease.epoch, round: closedRound) }
            // Whoever loads it next need not merge the same rounds once more.
            if loaded.snapshotRound < closedRound { self.snapshots.capture([lease], round: closedRound) }
        }
    }

    /// Applies merged operations until all these partitions, which are loaded, are at the end of `round`; then a
    /// snapshot of them may begin.
    func advance(_ leases: [Lease], to round: UInt32) async throws {
        var hasAdvanced = false
        while let (next, due) = due(leases, round) {
            let numbers = due.map(\.partition)
            table.withLock { table in
                for partition in numbers { table.beginMerge(next, of: members[Int(partition)]) }
            }
            do {
                try await sideBySide(due) { lease in
                    try await self.merged.forEach(round: next, partition: lease.partition) { page, vectors in
                        self.table.withLock { Self.apply(page, next, vectors, to: &$0) }
                    }
                }
            } catch {
                // Half of a merge is nobody's state: the next load starts anew.
                held.withLock { held in
                    for partition in numbers { held[partition] = nil }
                }
                throw error
            }
            table.withLock { table in
                for partition in numbers { table.endMerge(of: members[Int(partition)]) }
            }
            held.withLock { held in
                for partition in numbers { held[partition]?.round = next }
            }
            hasAdvanced = true
        }
        if hasAdvanced {
            let ready = held.withLock { held in leases.filter { held[$0.partition]?.round == round } }
            snapshots.capture(ready, round: round)
        }
    }

    /// The partitions that are furthest behind `round`, and the round that they need next.
    private func due(_ leases: [Lease], _ round: UInt32) -> (next: UInt32, leases: [Lease])? {
        held.withLock { held in
            let behind = leases.filter { (held[$0.partition]?.round ?? round) < round }
            guard let first = behind.compactMap({ held[$0.partition]?.round }).min() else { return nil }
            return (first + 1, behind.filter { held[$0.partition]?.round == first })
        }
    }

    /// Forgets partitions that went to another host.
    func drop(partitions: some Sequence<UInt32>) {
        for partition in partitions {
            held.withLock { $0[partition] = nil }
            snapshots.drop(partition)
            table.withLock { $0.drop(members[Int(partition)]) }
        }
    }

    /// The merged operations of a round on a partition, all of them.
    func operations(_ round: UInt32, partition: UInt32) async throws -> [MergedOperation] {
        var all: [MergedOperation] = []
        try await merged.forEach(round: round, partition: partition) { page, _ in all += page.operations }
        return all
    }

    private func sideBySide(
        _ leases: [Lease], _ body: @escaping @Sendable (Lease) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, lease) in leases.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { try await body(lease) }
            }
            try await group.waitForAll()
        }
    }

    // MARK: - One partition

    private struct Loaded {
        /// The partition's agents.
        var table: AgentTable
        /// The round of the snapshot that they were loaded from.
        var snapshotRound: UInt32 = 0
        /// Whether there was a snapshot that is of no use.
        var isDamaged = false
    }

    private func loaded(_ lease: Lease, _ closedRound: UInt32) async throws -> Loaded {
        guard closedRound > 0 else { return Loaded(table: AgentTable(assets: assets)) }
        let reading = SnapshotReading(recorder: recorder, retry: retry, dimension: assets.embeddingDimension)
        let base: AgentTable
        let round: UInt32
        do {
            (base, round) = try await reading.read(lease, into: AgentTable(assets: assets)) {
                self.partition(of: $0) == lease.partition
            }
        } catch let damage as SnapshotDamage {
            logger.warning(
                "a snapshot cannot be used, its partition is replayed from round 1",
                metadata: ["partition": "\(lease.partition)", "reason": "\(damage.reason)"])
            let table = AgentTable(assets: assets)
            return Loaded(
                table: try await replayed(lease.partition, from: table, after: 0, to: closedRound), isDamaged: true)
        }
        return Loaded(
            table: try await replayed(lease.partition, from: base, after: round, to: closedRound),
            snapshotRound: round)
    }

    private func replayed(
        _ partition: UInt32, from base: AgentTable, after round: UInt32, to closedRound: UInt32
    ) async throws -> AgentTable {
        var table = base
        guard round < closedRound else { return table }
        for next in round + 1...closedRound {
            table.beginMerge(next)
            try await merged.forEach(round: next, partition: partition) { page, vectors in
                Self.apply(page, next, vectors, to: &table)
            }
            table.endMerge()
        }
        return table
    }

    private static func apply(
        _ page: MergedOperations, _ round: UInt32, _ vectors: VectorLookup, to table: inout AgentTable
    ) {
        for change in page.operations {
            table.merge(
                change.operation, target: change.target, round: round, vector: vectors.vector(of: change.target))
        }
    }

    // MARK: - Agents in full

    /// The agent's state with all of its memory, as a turn needs it. Who waits for the same agent shares one fetch, and
    /// who is cancelled waits no longer, however long the recorder is away.
    func complete(_ agent: AgentID) async throws -> AgentState {
        if let state = table.withLock({ $0.whole(agent) }) { return state }
        table.withLock { $0.beginWait(for: agent) }
        defer { table.withLock { $0.endWait(for: agent) } }
        while true {
            do {
                try await shared(agent, memories) { try await self.recall(agent) }
            } catch is CancellationError where !Task.isCancelled {
                // Somebody else who waited was cancelled.
                continue
            }
            if let state = table.withLock({ $0.whole(agent) }) { return state }
        }
    }

    /// Runs `body` unless it runs already under this key, and waits for its end. It is cancelled with any who wait.
    private func shared<Key: Hashable & Sendable>(
        _ key: Key, _ tasks: Guarded<[Key: Task<Void, any Error>]>, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let task = tasks.withLock { running in
            if let task = running[key] { return task }
            let task = launcher.launch {
                defer { tasks.withLock { $0[key] = nil } }
                try await body()
            }
            running[key] = task
            return task
        }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func recall(_ agent: AgentID) async throws {
        let partition = partition(of: agent)
        guard let lease = held.withLock({ $0[partition] }) else {
            throw TurnInterrupted(reason: "partition \(partition) went to another host")
        }
        let count = table.withLock { $0.archivedEntries(of: agent) }
        guard count > 0 else { return }
        do {
            let reading = SnapshotReading(recorder: recorder, retry: retry, dimension: assets.embeddingDimension)
            let entries = try await reading.memory(of: agent, partition, epoch: lease.epoch, count: count)
            let isRight = table.withLock { table in
                // Loaded anew meanwhile: whoever waits looks again.
                guard table.archivedEntries(of: agent) == count else { return true }
                defer { table.archive() }
                return table.restore(entries, of: agent)
            }
            guard isRight else {
                throw SnapshotDamage(reason: "memories are not those that the agent's head stands for")
            }
        } catch let damage as SnapshotDamage {
            logger.warning(
                "memories of a snapshot cannot be used, they are replayed from round 1",
                metadata: ["partition": "\(partition)", "reason": "\(damage.reason)"])
            // Else it might go and be replayed again and again.
            table.withLock { $0.keep(agent) }
            try await shared(partition, rebuilds) { try await self.rebuild(partition, round: lease.round) }
        }
    }

    /// Puts back the archived memories of a whole partition from the journal.
    private func rebuild(_ partition: UInt32, round: UInt32) async throws {
        // What was forgotten is needed, too: it says what had been forgotten when the archived entries were all.
        let everything = AgentTable(assets: assets, forgets: false)
        let source = try await replayed(partition, from: everything, after: 0, to: round)
        for agent in members[Int(partition)] {
            let count = table.withLock { $0.journalEntries(of: agent) }
            guard count > 0 else { continue }
            let long = source.state(of: agent).memory.long
            guard long.count >= count else {
                let problem = Problem(
                    .storage, "the snapshot of partition \(partition) does not follow from the journal",
                    advice: "check the recording with coordinator verify")
                retry.report(problem)
                throw TurnInterrupted(reason: problem.what)
            }
            table.withLock { $0.rebuild(Array(long.prefix(count)), of: agent) }
        }
    }
}
