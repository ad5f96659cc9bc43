import Foundation

/// The end of a log, for an error message.
enum LogTail {
    private static let bytes: UInt64 = 8192

    /// The last lines of the file, at most `count`, without blank ones; empty where it cannot be read.
    static func lines(of path: String, count: Int) -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard let size = try? file.seekToEnd() else { return [] }
        try? file.seek(toOffset: size > bytes ? size - bytes : 0)
        guard let data = try? file.readToEnd() else { return [] }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.suffix(count)
    }
}
