import GRDB
import Glibc
import Hashing

/// What is checked before a recording is written to again: that nothing acknowledged is missing, and that what was
/// written last is whole.
///
/// It reads over a connection that cannot write. A connection that can would fold what is left of a damaged journal
/// into the file and delete the rest when it closes.
struct OpeningCheck {
    /// At most so many batches are read again. The journal is folded into the file, and that synced, whenever it holds
    /// 4,096 pages, and no batch takes less than one page: what a crash can have left half written lies in these.
    static let batches: Int64 = 4096
    /// And at most so many bytes of rows, read in less than a second: twice what the journal holds.
    static let bytes: Int64 = 64 << 20

    private let path: String
    private let bytes: Int64

    /// A check of the recording at `path` that reads at most so many `bytes` of rows again, and one batch at least.
    init(_ path: String, bytes: Int64 = OpeningCheck.bytes) {
        self.path = path
        self.bytes = bytes
    }

    /// Checks the recording, and gives what is worth a line in the log.
    func run() throws -> String? {
        let found = try MarkFile.read(beside: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard access(path, F_OK) == 0 else {
            guard case .mark(let mark) = found, mark.batch.number > 0 else { return nil }
            throw failure("\(name) is missing, and \(mark.batch.number) batches of it were acknowledged", found)
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "recording-check"
        configuration.busyMode = Connection.patience
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        return try queue.read { database in
            try Connection.check(database)
            let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
            do { return try check(database, isEmpty: isEmpty, found) } catch let violation as Verifier.Violation {
                throw failure(violation.text, found)
            }
        }
    }

    private func check(_ database: Database, isEmpty: Bool, _ found: MarkFile.Found) throws -> String? {
        switch found {
        case .damaged:
            throw Verifier.Violation(text: "the mark of what was acknowledged cannot be read")
        case .missing:
            if isEmpty { return nil }
            try ChainCheck(database).run(after: start(database, clean: 0))
            try checkSteps(database)
            return try BatchHead.last(database).number == 0
                ? nil
                : "the recording has no mark of what was acknowledged, as one that was copied without it: that "
                    + "nothing is missing at its end cannot be told, and from now on it can"
        case .mark(let mark):
            guard !isEmpty else {
                if mark.batch.number == 0 { return nil }
                throw Verifier.Violation(
                    text: "the recording is empty, and \(mark.batch.number) batches of it were acknowledged")
            }
            try MarkCheck(database).check(mark)
            try ChainCheck(database).run(after: start(database, clean: mark.cleanBatch))
            try checkSteps(database)
            return nil
        }
    }

    /// Rounds, plans, leases and the run's epoch decide who may write from now on, and their rows are changed in place:
    /// no batch's hash covers them, but they follow from the steps, of which there are few.
    private func checkSteps(_ database: Database) throws {
        var steps = StepCheck(database)
        try steps.check()
    }

    /// The batch behind which rows are read again: the last of the last clean end, or as far back as time allows.
    private func start(_ database: Database, clean: Int64) throws -> Int64 {
        let rows = try SQLStatement(
            database, "SELECT number, length FROM batches WHERE number > ? ORDER BY number DESC LIMIT ?")
        rows.bind(1, clean)
        rows.bind(2, Self.batches)
        var left = bytes
        let last = try BatchHead.last(database).number
        var start = last
        while try rows.step() {
            left -= max(0, rows.int(1))
            guard left >= 0 || rows.int(0) == last else { break }
            start = rows.int(0) - 1
        }
        return max(0, start)
    }

    private func failure(_ what: String, _ found: MarkFile.Found) -> StorageFailure {
        let mark = MarkFile.path(beside: path).split(separator: "/").last ?? ""
        let copy = "put the run's folder back from a copy"
        let without =
            if case .missing = found {
                "or see by `coordinator verify` what is left"
            } else {
                "or take \(mark) away to go on with what is left: what is missing is then done and paid for again"
            }
        return StorageFailure(what, advice: "\(copy), \(without)", kind: .damaged)
    }
}
