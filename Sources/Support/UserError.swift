/// An error that a person reads: what happened, where, and what to do about it.
///
/// Never carries a prompt, an answer or a key: its text goes to terminals and logs.
public struct UserError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened, as one sentence without a full stop.
    public var what: String
    /// Where it happened: a file with line, a configuration key, a server address. May be empty.
    public var place: String
    /// What to do next. May be empty where nothing helps.
    public var advice: String
    /// The exit code of a process that ends because of it.
    public var exitCode: ProcessExitCode

    /// An error of the given kind; see the properties for the shape of each text.
    public init(_ what: String, at place: String = "", advice: String = "", exitCode: ProcessExitCode) {
        self.what = what
        self.place = place
        self.advice = advice
        self.exitCode = exitCode
    }

    /// One line: `place: what; advice`.
    public var description: String {
        (place.isEmpty ? "" : "\(place): ") + what + (advice.isEmpty ? "" : "; \(advice)")
    }
}
