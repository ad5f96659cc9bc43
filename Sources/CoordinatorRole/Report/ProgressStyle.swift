import Glibc

/// Finds out how progress can be shown.
enum ProgressStyle {
    private static let usualColumns = 80

    /// The style for this process's standard error.
    static func current(quiet: Bool) -> ProgressPrinter.Style {
        if quiet { return .quiet }
        guard isatty(STDERR_FILENO) != 0 else { return .lines }
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return .terminal(columns: known ? Int(size.ws_col) : usualColumns)
    }
}
