import Support

/// The disk or the database failed, or what it holds is damaged. What was acknowledged before is safe or named as
/// lost; the store takes nothing more.
public struct StorageFailure: Error, Hashable, Sendable {
    /// What kind of failure it is, for those who must decide what to do next.
    public enum Kind: Sendable {
        /// There is no space left: the run goes on once there is.
        case diskFull
        /// The disk refuses to read, write or sync.
        case inputOutput
        /// What the files hold is not what was written and acknowledged.
        case damaged
        /// Another process holds the file, or it may not be written.
        case denied
        /// Anything else.
        case other
    }

    /// The kind of failure.
    public var kind: Kind
    /// What happened, in the database's words where it is the database's error.
    public var what: String
    /// What to do.
    public var advice: String

    /// A failure.
    public init(_ what: String, advice: String, kind: Kind = .other) {
        self.kind = kind
        self.what = what
        self.advice = advice
    }

    /// A recording that is not what it was.
    static func damaged(_ what: String) -> StorageFailure {
        StorageFailure(what, advice: "the recording is damaged: verify it", kind: .damaged)
    }

    /// How a process that gives up for it leaves: 74 when the disk failed, 65 when what it holds is damaged and
    /// starting again does not help.
    public var exitCode: ProcessExitCode { kind == .damaged ? .dataError : .ioError }
}
