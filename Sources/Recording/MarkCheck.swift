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
            throw Verifier.Violation(text: lost(after: last, to: mark.batch))
        }
        guard try BatchHead.numbered(mark.batch.number, database)?.hash == mark.batch.hash else {
            throw Verifier.Violation(
                text:
                    "batch \(mark.batch.number) of round \(mark.batch.round) is not the one that was acknowledged: the "
                    + "journal was changed, or belongs to another run")
        }
        let closed = try SQLStatement(database, "SELECT max(round) FROM rounds WHERE state = 'closed'").first {
            UInt32(clamping: $0.int(0))
        }
        guard closed ?? 0 >= mark.closedRound else {
            throw Verifier.Violation(
                text:
                    "round \(mark.closedRound) was acknowledged as closed; the last closed round is now \(closed ?? 0)")
        }
    }

    private func lost(after last: BatchHead, to mark: BatchHead) -> String {
        let first = last.number + 1
        let batches = first == mark.number ? "batch \(first)" : "batches \(first) to \(mark.number)"
        let rounds =
            last.round >= mark.round || last.number == 0
            ? "of round \(mark.round)" : "of rounds \(last.round) to \(mark.round)"
        let (was, they) = first == mark.number ? ("was", "it") : ("were", "they")
        return
            "\(batches) \(rounds) \(was) acknowledged and \(first == mark.number ? "is" : "are") not in the journal: "
            + "every outcome, commit and step that \(they) held is lost"
    }
}
