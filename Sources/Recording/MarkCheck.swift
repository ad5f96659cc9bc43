import GRDB
import Hashing

/// Compares a recording with the mark of what was acknowledged.
struct MarkCheck {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Finds what was acknowledged and is not there. A recording may hold more than its mark says: the mark is written
    /// last, and a copy may have an older one.
    func check(_ mark: AcknowledgementMark) throws {
        let last = try BatchHead.last(database)
        guard last.number >= mark.batch.number else {
            // A closed round gets no more batches, so that what is lost begins with the next.
            let first = try closedRound() >= last.round ? last.round + 1 : last.round
            throw Verifier.Violation(text: lost(after: last.number, to: mark.batch, firstRound: first))
        }
        guard try BatchHead.numbered(mark.batch.number, database)?.hash == mark.batch.hash else {
            throw Verifier.Violation(
                text:
                    "batch \(mark.batch.number) of round \(mark.batch.round) is not the one that was acknowledged: the "
                    + "journal was changed, or belongs to another run")
        }
        let closed = try closedRound()
        guard closed >= mark.closedRound else {
            throw Verifier.Violation(
                text:
                    "round \(mark.closedRound) was acknowledged as closed; the last closed round is now \(closed)")
        }
    }

    private func closedRound() throws -> UInt32 {
        try SQLStatement(database, "SELECT max(round) FROM rounds WHERE state = 'closed'").first {
            UInt32(clamping: $0.int(0))
        } ?? 0
    }

    private func lost(after last: Int64, to mark: BatchHead, firstRound: UInt32) -> String {
        let isOne = last + 1 == mark.number
        let batches = isOne ? "batch \(mark.number)" : "batches \(last + 1) to \(mark.number)"
        let rounds = firstRound >= mark.round ? "of round \(mark.round)" : "of rounds \(firstRound) to \(mark.round)"
        return "\(batches) \(rounds) \(isOne ? "was" : "were") acknowledged and \(isOne ? "is" : "are") not in the "
            + "journal: every outcome, commit and step that \(isOne ? "it" : "they") held is lost"
    }
}
