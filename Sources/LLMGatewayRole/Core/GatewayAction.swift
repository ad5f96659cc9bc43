import GatewayLogic
import Model
import Support
import Wire

/// What the gateway's logic wants done; the driver does it.
enum GatewayAction<Asker> {
    /// Send an attempt to a server.
    case send(Flight)
    /// Give up an attempt that is under way, at the server, too.
    case cancel(flight: UInt64)
    /// Tell who asked.
    case reply(Asker, GatewayReply)
    /// Call `retryDue` for the call after this time.
    case wake(call: UInt64, after: Span)
    /// Probe a server now.
    case probe(ServerID, ProbeKind)
    /// Read a server's load now.
    case readLoad(ServerID)
    /// A server changed in a way that a person may want to know.
    case tell(ServerID, ServerChange)
}

/// One attempt on its way.
struct Flight {
    /// Its number, never used again.
    var number: UInt64
    /// The server.
    var server: ServerID
    /// Identity of the call, for the server's log.
    var call: CallID
    /// The endpoint's path.
    var path: String
    /// The request's JSON.
    var body: [UInt8]
    /// How long it may take.
    var timeout: Span
}

/// The end of a request to the gateway.
enum GatewayReply {
    /// An accepted answer or an honest rejection.
    case completed(CompletionOutcome)
    /// What keeps the gateway from getting an answer.
    case failed(Problem)
    /// What stands behind the gateway.
    case described([BackendDescription])
    /// The servers, and how they are.
    case servers([ListedServer])
    /// What came of loading or unloading an adapter.
    case adapters([AdapterResult])
}
