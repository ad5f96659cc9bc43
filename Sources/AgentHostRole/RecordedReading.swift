import ClusterLogic
import Model
import ServiceRuntime
import SimulationKit
import Wire

/// Reads from the recorder what is durable of a partition's open round, page by page.
///
/// Whoever knows the partition's lease may read under it: a host that asks on behalf of a root elsewhere, too.
struct RecordedReading: Sendable {
    let recorder: WireClient

    /// What is recorded of the round, or of one root in it; `retry` has each page tried again.
    func outcomes(
        _ lease: Lease, round: UInt32, root: TurnID?, retry: ServiceRetry
    ) async throws -> RecordedOutcomes {
        try await outcomes(lease, round: round, root: root) { question in
            try await retry.patiently { try await recorder.request(question, expecting: RecordedOutcomes.self) }
        }
    }

    /// What is recorded of one root, as turns are given it.
    /// - Throws: what the recorder or the connection to it says, at the first refusal.
    func known(_ lease: Lease, round: UInt32, root: TurnID) async throws -> [CallID: RecordedOutcome] {
        Self.byCall(
            try await outcomes(lease, round: round, root: root) { question in
                try await recorder.request(question, expecting: RecordedOutcomes.self)
            })
    }

    /// Outcomes by the calls that they are of.
    static func byCall(_ page: RecordedOutcomes) -> [CallID: RecordedOutcome] {
        Dictionary(page.outcomes.map { ($0.call, RecordedOutcome($0)) }) { first, _ in first }
    }

    private func outcomes(
        _ lease: Lease, round: UInt32, root: TurnID?,
        ask: (FetchOutcomes) async throws -> RecordedOutcomes
    ) async throws -> RecordedOutcomes {
        var all = RecordedOutcomes(consolidations: [], outcomes: [], next: 0)
        repeat {
            let page = try await ask(
                FetchOutcomes(
                    partition: lease.partition, epoch: lease.epoch, round: round, root: root, cursor: all.next))
            all.consolidations += page.consolidations
            all.outcomes += page.outcomes
            all.next = page.next
        } while all.next != 0
        return all
    }
}
