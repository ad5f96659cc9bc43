/// What the fleet wants done.
public enum FleetAction: Sendable, Equatable {
    /// Ask the server now; the result comes back as `probed`, `healthAnswered` or `probeFailed`. Never a second one
    /// for a server before the first has come back.
    case probe(ServerID, ProbeKind)
    /// The fleet has let go of this flight: cancel it, send its call again, and do not report its end.
    case redispatch(flight: UInt64, because: RedispatchReason)
    /// Send the call of this flight to that server as well, as a flight of its own that is told as a hedge.
    case hedge(flight: UInt64, on: ServerID)
    /// Read the server's load now; comes back as `loadRead` or `loadUnread`.
    case readLoad(ServerID)
    /// The server's cache is gone: it was removed, or went away and came back.
    case forgetCache(ServerID)
    /// Something about the server changed that a person may want to know.
    case tell(ServerID, ServerChange)
}

/// How much a probe asks.
public enum ProbeKind: Sendable, Equatable {
    /// Whether it answers at all, by the cheapest question; any HTTP reply will do.
    case health
    /// What it is: models, engine, slots.
    case full
}

/// Why a flight is sent again.
public enum RedispatchReason: Sendable, Equatable {
    /// Its server brings nothing.
    case silent
    /// Its server is gone.
    case serverGone
    /// Its server was removed.
    case removed
    /// It takes far longer than others of its kind, and its server brings others.
    case overdue
}

/// A change of a server's standing.
public enum ServerChange: Sendable, Equatable {
    /// Works, for the first time or again.
    case working
    /// Answers, but has brought nothing for too long.
    case slow
    /// Gets nothing for now, and why.
    case out(OutCause)
    /// Gets nothing new, because somebody wants it so.
    case draining
    /// Is no longer of the fleet.
    case removed
}

/// Why a server gets nothing.
public enum OutCause: Sendable, Equatable {
    /// Fails on what it gets.
    case failing
    /// A connection broke; being asked whether it still works.
    case interrupted
    /// Nobody accepts connections.
    case unreachable
    /// Brings nothing while it holds requests, or does not answer a probe.
    case silent
    /// Will not serve us as configured; the reason, for a person.
    case misconfigured(String)
}
