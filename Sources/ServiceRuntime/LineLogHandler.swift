import Glibc
import Logging
import Support

/// Writes each message as one line: time, level, role, message, metadata. Lines are bounded and hold no control
/// characters, whatever a peer put into an error text.
public struct LineLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let role: String
    private let write: @Sendable (String) -> Void

    /// Longest line in bytes, without the line break.
    static let longestLine = 2048

    /// A handler for messages of `role` from `level` on; `write` gets whole lines with their line break.
    public init(
        role: String, level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.role = role
        self.logLevel = level
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = "\(WallClock.timestamp()) \(event.level.rawValue) \(role): \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        write(Self.singleLine(line) + "\n")
    }

    /// The text without control characters, cut to the longest line.
    static func singleLine(_ text: String) -> String {
        var clean = ""
        var size = 0
        for scalar in text.unicodeScalars {
            let shown = scalar.properties.generalCategory == .control ? " " : scalar
            size += UTF8.width(shown)
            guard size <= longestLine else { return clean + "..." }
            clean.unicodeScalars.append(shown)
        }
        return clean
    }
}

/// The process's standard error.
public enum StandardError {
    /// Writes the text in one system call where the system takes it whole, so that lines of threads do not mix.
    public static func write(_ text: String) { FileOutput.write(text, to: STDERR_FILENO) }
}

/// The process's standard output.
public enum StandardOutput {
    /// Writes the text; what a closed pipe does not take is lost.
    public static func write(_ text: String) { FileOutput.write(text, to: STDOUT_FILENO) }
}

enum FileOutput {
    static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, base, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}

/// The calendar time, for log lines and for the record; never for a result.
public enum WallClock {
    /// Now, in UTC, as `2026-01-31T12:34:56.789Z`.
    public static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
        let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
        let milliseconds = Int32(now.tv_nsec / 1_000_000)
        return "\(date)T\(time).\(milliseconds < 100 ? "0" : "")\(padded(milliseconds))Z"
    }

    private static func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
