/// Why a probe did not find a server that can be used.
public enum ProbeFault: Sendable, Equatable {
    /// Nobody accepts connections there: the process is gone, or the name is unknown.
    case unreachable
    /// Nothing came in time: it hangs, or is too busy to tell.
    case silent
    /// It answers that it is not ready, or fails.
    case failing
    /// It will not serve us as configured; the reason, for a person.
    case misconfigured(String)
}
