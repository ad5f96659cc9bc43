import Foundation
import Glibc
import ServiceRuntime
import Support

/// The file of the records with their stories, in the population's order, and beside it the file of what was asked and
/// answered, in the order in which answers came. An answer is in the second before it is in the first, which follows
/// from it.
struct StoryFiles {
    /// Answers between two moments at which they are made to outlast a loss of power.
    private static let syncInterval = 64

    /// What has been asked and answered.
    private(set) var progress: StoryProgress
    private let records: [StoryRecord]
    private let field: String
    private let outPath: String
    private let logPath: String
    private let log: LineFile
    private var out: LineFile?
    /// Records that stand in the first file with their stories.
    private(set) var written = 0
    private var unsynced = 0

    /// The file beside `out` in which stands what was asked.
    static func logPath(of out: String) -> String {
        let ending = ".jsonl"
        return (out.hasSuffix(ending) ? String(out.dropLast(ending.count)) : out) + ".stories" + ending
    }

    /// Opens both, and reads what an earlier call of the command has left; throws where that had other settings.
    /// `records` are all of the population.
    init(out: String, records: [StoryRecord], settings: StorySettings) throws {
        (outPath, logPath) = (out, Self.logPath(of: out))
        (self.records, field) = (records, settings.field)
        log = try LineFile(logPath, isOwned: true)
        var progress = StoryProgress(file: logPath)
        let rest = try log.readLines(limit: StoryProgress.maxLine) { try progress.take(line: $0) }
        let isWhole = !rest.isEmpty && progress.take(unfinished: rest)
        try log.cut(to: progress.bytes - (isWhole ? 1 : 0))
        if isWhole { try log.append([UInt8(ascii: "\n")]) }
        self.progress = progress
        if let earlier = progress.settings {
            try settings.check(against: earlier, file: logPath)
            self.out = try LineFile(out)
            try catchUp()
        } else if FileManager.default.fileExists(atPath: out) {
            unlink(logPath)
            throw UserError(
                "the file is there, and not what it was made from: \(logPath)", at: out,
                advice: "name another file by --out, or take this one away", exitCode: .cannotCreate)
        }
    }

    /// Takes the file of what was asked away where nothing was.
    func discardIfUnused() {
        if progress.settings == nil { unlink(logPath) }
    }

    /// Writes under which settings stories are asked for, before the first of them.
    mutating func begin(_ settings: StorySettings) throws {
        let line = try Self.line(settings)
        try log.append(line)
        try progress.take(line: line.dropLast())
        out = try LineFile(outPath)
        try log.sync()
    }

    /// Writes what was asked for a record and how it ended, and the records whose turn it is.
    mutating func append(_ entry: StoryEntry) throws {
        try log.append(try Self.line(entry))
        progress.take(entry)
        unsynced += 1
        if unsynced >= Self.syncInterval {
            try log.sync()
            unsynced = 0
        }
        try writeOn()
    }

    /// Makes all of it outlast a loss of power.
    func sync() throws {
        try log.sync()
        try out?.sync()
    }

    private mutating func writeOn() throws {
        while written < records.count, let line = line(of: records[written]) {
            try out?.append(line)
            written += 1
        }
    }

    private func line(of record: StoryRecord) -> [UInt8]? {
        progress.stories[record.number].map { record.line(field, $0) }
    }

    /// Finds how far an earlier call has come, takes a torn line away, and writes what is missing.
    private mutating func catchUp() throws {
        guard let out else { return }
        var bytes = 0
        // What stands behind the last whole line is torn, and written anew.
        _ = try out.readLines(limit: StoryProgress.maxLine) { found in
            guard written < records.count, let line = line(of: records[written]),
                line.dropLast().elementsEqual(found)
            else { throw changed() }
            written += 1
            bytes += line.count
        }
        try out.cut(to: bytes)
        try writeOn()
    }

    private func changed() -> UserError {
        UserError(
            "the line is not what was written", at: "\(outPath):\(written + 1)",
            advice: "move the file away: it is written anew from \(logPath), and nothing is asked again",
            exitCode: .dataError)
    }

    private static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}
