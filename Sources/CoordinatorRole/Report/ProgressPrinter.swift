import ServiceRuntime
import Support

/// Shows progress on standard error: on a terminal one line that changes, elsewhere a line now and then.
struct ProgressPrinter: Sendable {
    /// How progress is shown.
    enum Style: Sendable, Equatable {
        case terminal(columns: Int), lines, quiet
    }

    private static let terminalInterval = Span.milliseconds(250)
    private static let lineInterval = Span.seconds(10)

    private let style: Style
    private let write: @Sendable (String) -> Void
    private var last: Instant?
    private var isLineOpen = false

    /// A printer that gives its text to `write`.
    init(style: Style, write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }) {
        self.style = style
        self.write = write
    }

    /// Shows the line, if the last one is old enough. `line` is only asked for then.
    mutating func update(now: Instant, _ line: () -> String) {
        switch style {
        case .quiet: return
        case .terminal(let columns):
            if let last, now.since(last) < Self.terminalInterval { return }
            // Erasing to the end of the line takes away what a longer line left.
            write("\r" + String(line().prefix(max(columns - 1, 20))) + "\u{1b}[K")
            isLineOpen = true
        case .lines:
            if let last, now.since(last) < Self.lineInterval { return }
            write(line() + "\n")
        }
        last = now
    }

    /// Writes a line that stays.
    mutating func say(_ line: String) {
        guard style != .quiet else { return }
        write((isLineOpen ? "\r\u{1b}[K" : "") + line + "\n")
        isLineOpen = false
    }

    /// Leaves the terminal at the beginning of a line.
    mutating func close() {
        if isLineOpen { write("\n") }
        isLineOpen = false
    }
}
