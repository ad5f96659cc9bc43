import Model
import ServiceRuntime
import Wire

/// Reads the merged operations of closed rounds from the recorder, page by page.
struct MergedPages: Sendable {
    let recorder: WireClient
    let retry: ServiceRetry
    /// Components of the run's vectors.
    let dimension: Int

    /// Gives `body` each page of a round's operations on a partition, with the vectors that they refer to.
    func forEach(
        round: UInt32, partition: UInt32, _ body: (MergedOperations, VectorLookup) throws -> Void
    ) async throws {
        var offset: UInt32 = 0
        while true {
            let page = try await fetch(round, partition: partition, offset: offset)
            try body(page, try VectorLookup(page.vectors, dimension: dimension))
            // A page without operations is the last, whatever it says: no progress would be made by asking again.
            guard page.more, !page.operations.isEmpty else { return }
            offset += UInt32(page.operations.count)
        }
    }

    private func fetch(_ round: UInt32, partition: UInt32, offset: UInt32) async throws -> MergedOperations {
        let request = FetchMerged(partition: partition, round: round, offset: offset)
        return try await retry.patiently { try await self.recorder.request(request, expecting: MergedOperations.self) }
    }
}
