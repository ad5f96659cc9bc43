import Support

/// What the end of a flight says about the server that it was at.
public enum ReplyKind: Sendable, Equatable {
    /// An answer came, whatever is in it.
    case answered
    /// The server will not answer this call, for the call's own fault: an HTTP status such as 400 or 413.
    case refusedCall
    /// Not now (HTTP 429 or 503), and when it may be asked again if it said so.
    case busy(retryAfter: Span?)
    /// The server failed on it: HTTP 500 and the like, or a reply that is none.
    case failed
    /// The connection broke, or what came was no HTTP.
    case lost
    /// Nobody accepted the connection.
    case unreachable
    /// The flight's own time was up.
    case timedOut
    /// We gave it up; says nothing about the server.
    case cancelled
    /// The server will not serve us as configured (HTTP 401, 403 and the like); the reason, for a person.
    case misconfigured(String)
    /// The server does not know the model that the flight named.
    case lacksModel
}
