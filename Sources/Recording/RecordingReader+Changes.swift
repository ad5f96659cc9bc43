import Hashing
import Model

extension RecordingReader {
    /// Gives `body` what closed rounds change of partitions, page by page: rounds in their order, up to `last`, which
    /// is closed; of a round one partition after the other, changes in the order of the merge.
    public func forEachChange(
        upTo last: UInt32, partitions: [UInt32], _ body: (_ round: UInt32, _ page: MergedPage) throws -> Void
    ) throws {
        guard last > 0 else { return }
        try read { database in
            let contents = try ContentReader(database)
            let reader = try MergedReader(
                database, TreeReader(database, contents), OutcomeReader(database, contents), MergedTable(database))
            let cursor = try RunCursor(database)
            precondition(last <= cursor.closedRound, "changes take effect when their round closes")
            for round in 1...last {
                for partition in partitions {
                    var offset: UInt32 = 0
                    while true {
                        let page = try reader.page(round: round, partition: partition, offset: offset, cursor)
                        try body(round, page)
                        guard page.more, !page.changes.isEmpty else { break }
                        offset += UInt32(page.changes.count)
                    }
                }
            }
        }
    }
}
