import Support

/// Where the gateway learns of its servers beside the command line.
struct ServerSources: Sendable {
    /// The file of `--servers`; nil for none.
    var file: String?
    /// What it said at the start.
    var listed: [String] = []
    /// Its stamp from before it was read.
    var stamp: FileStamp?
    /// Time from one look at it to the next.
    var fileInterval = Span.seconds(1)
    /// Time from one question to the next what a name stands for; nil to ask once.
    var resolveInterval: Span? = .seconds(5)
    /// What a name stands for, nil when nobody knows. It may take its time.
    var lookUp: @Sendable (String) -> [String]? = { HostNames.addresses(of: $0) }

    /// No file, and the system's resolver.
    init() {}

    /// Reads the file, which must be in order at the start.
    init(file: String?, resolve seconds: Double) throws(UserError) {
        self.file = file
        resolveInterval = seconds > 0 ? .seconds(seconds) : nil
        guard let file else { return }
        stamp = FileStamp.of(file)
        listed = try ServerFile.addresses(at: file)
    }
}

/// What was learnt of servers since.
enum ServerNews: Sendable {
    /// The file lists these now.
    case file([String])
    /// The file was changed and cannot be used: why.
    case fault(UserError)
    /// A name stands for these addresses; nil when nobody knows.
    case resolved(name: String, [String]?)
}
