/// Exit codes of our processes, those of `sysexits.h`, so that scripts can tell what went wrong.
public enum ProcessExitCode: Int32, Sendable {
    /// Everything went well.
    case success = 0
    /// A check found what it looks for (a digest differs, an invariant is broken).
    case failure = 1
    /// The command was used wrongly.
    case usage = 64
    /// An input file's contents are wrong.
    case dataError = 65
    /// An input file is missing or cannot be read.
    case noInput = 66
    /// A service that is needed is unavailable or a needed program is not installed.
    case unavailable = 69
    /// An internal error: a bug.
    case software = 70
    /// The operating system refused something.
    case osError = 71
    /// An output cannot be created.
    case cannotCreate = 73
    /// Reading or writing failed.
    case ioError = 74
    /// A temporary failure: run the same command again.
    case temporaryFailure = 75
    /// A peer spoke another protocol.
    case protocolError = 76
    /// The configuration is wrong.
    case configuration = 78
    /// Stopped by a signal before the end, resumable.
    case interrupted = 130
}
