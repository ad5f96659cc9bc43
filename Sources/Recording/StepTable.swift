import Hashing
import Model

/// `steps`: everything that moved the run as a whole, in order. Rounds, plans, partitions and the run's changing
/// columns say where it stands now; they follow from these rows, which the chain of batches covers.
final class StepTable {
    /// What a step is. A run's ending stands under its own name.
    enum Kind: String {
        case created, raised, granted, opened, planned, merged, closed, intervened
    }

    private let rows: RowWriter

    init(_ ledger: BatchLedger) { rows = ledger[.steps] }

    /// Adds a step. `at` is the time of day in milliseconds.
    func add(
        _ kind: Kind, at: Int64, epoch: UInt64 = 0, round: UInt32 = 0, partition: UInt32? = nil, number: Int64? = nil,
        holder: UInt64? = nil, digest: Digest256? = nil
    ) throws {
        try add(
            kind.rawValue, at: at, epoch: epoch, round: round, partition: partition, number: number, holder: holder,
            text: nil, digest: digest)
    }

    /// Adds how the run ended for now, and why.
    func add(ending: String, reason: String, at: Int64, epoch: UInt64, round: UInt32) throws {
        try add(
            ending, at: at, epoch: epoch, round: round, partition: nil, number: nil, holder: nil, text: reason,
            digest: nil)
    }

    private func add(
        _ kind: String, at: Int64, epoch: UInt64, round: UInt32, partition: UInt32?, number: Int64?, holder: UInt64?,
        text: String?, digest: Digest256?
    ) throws {
        rows.begin()
        rows.add(at)
        rows.add(kind)
        rows.add(Int64(bitPattern: epoch))
        rows.add(round)
        rows.add(optional: partition.map { Int64($0) })
        rows.add(optional: number)
        rows.add(optional: holder.map { Int64(bitPattern: $0) })
        rows.add(optional: text)
        if let digest { rows.add(digest.bytes) } else { rows.addNull() }
        try rows.insert()
    }
}
