import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Support
import TurnEngine
import Wire

/// Brings the agents of partitions to the end of a closed round, by what the recorder holds.
final class PartitionLoader: Sendable {
    private let recorder: WireClient
    private let retry: ServiceRetry
    private let placement: Placement
    private let table: Guarded<AgentTable>
    /// The round as of whose end the agents of a loaded partition are.
    private let rounds = Guarded<[UInt32: UInt32]>([:])

    /// A loader into `table`.
    init(recorder: WireClient, retry: ServiceRetry, placement: Placement, table: Guarded<AgentTable>) {
        self.recorder = recorder
        self.retry = retry
        self.placement = placement
        self.table = table
    }

    /// Loads a partition that was not held before.
    func load(_ lease: Lease, round: UInt32) async throws {
        rounds.withLock { $0[lease.partition] = 0 }
        try await advance(lease, to: round)
    }

    /// Brings a loaded partition to the end of a later round.
    func advance(_ lease: Lease, to round: UInt32) async throws {
        let from = rounds.withLock { $0[lease.partition] } ?? 0
        guard from < round else { return }
        for next in from + 1...round {
            try await merge(next, lease.partition)
            rounds.withLock { $0[lease.partition] = next }
        }
    }

    /// Forgets the agents of a lost partition.
    func drop(_ lease: Lease) {
        rounds.withLock { $0[lease.partition] = nil }
        table.withLock { table in table.retain { placement.partition(of: $0) != lease.partition } }
    }

    /// An agent's state in full.
    func state(of agent: AgentID) async throws -> AgentState { table.withLock { $0.state(of: agent) } }

    /// Operations of a merged or closed round on the environment, in order.
    func contributions(_ round: UInt32) async throws -> [MergedOperation] {
        var all: [MergedOperation] = []
        while true {
            let page = try await fetch(round, partition: placement.partitions, offset: UInt32(all.count))
            all += page.operations
            if !page.more || page.operations.isEmpty { return all }
        }
    }

    private func merge(_ round: UInt32, _ partition: UInt32) async throws {
        let isMerged: @Sendable (AgentID) -> Bool = { [placement] in placement.partition(of: $0) == partition }
        table.withLock { $0.beginMerge(of: isMerged) }
        var offset: UInt32 = 0
        while true {
            let page = try await fetch(round, partition: partition, offset: offset)
            let vectors = try VectorLookup(page.vectors)
            table.withLock { table in
                for merged in page.operations {
                    table.merge(merged.operation, target: merged.target, vector: vectors.vector)
                }
            }
            offset += UInt32(page.operations.count)
            // A page without operations is the last, whatever it says: no progress would be made by asking again.
            if !page.more || page.operations.isEmpty { break }
        }
        table.withLock { $0.endMerge(of: isMerged) }
    }

    private func fetch(_ round: UInt32, partition: UInt32, offset: UInt32) async throws -> MergedOperations {
        let request = FetchMerged(partition: partition, round: round, offset: offset)
        return try await retry.patiently { try await self.recorder.request(request, expecting: MergedOperations.self) }
    }
}
