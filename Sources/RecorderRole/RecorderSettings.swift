import Support

/// How the recorder groups what it writes, and how long it has patience.
struct RecorderSettings: Sendable {
    /// Outcomes and commits wait so long for company: one sync serves them all.
    var linger = Span.milliseconds(4)
    /// With so many in hand nothing waits any longer.
    var batchItems = 256
    /// A commit waits so long for outcomes that it names: far longer than a living host takes, and short beside the
    /// round.
    var patience = Span.seconds(2)
    /// Most requests that wait at a time.
    var queueLimit = 65_536
}
