import CZMQ
import Support

/// Options of a socket, to be set before it binds or connects. Times are rounded down to milliseconds.
public enum ZeroMQOption: Sendable, Equatable {
    /// A ROUTER reports peers that are gone or full instead of dropping what is sent to them.
    case routerMandatory(Bool)
    /// How long unsent messages outlive `close`; zero drops them.
    case linger(Span)
    /// Messages queued for each peer before sending fails.
    case sendHighWaterMark(Int32)
    /// Messages queued from each peer before it is no longer read.
    case receiveHighWaterMark(Int32)
    /// How often an idle connection is probed; zero never.
    case heartbeatInterval(Span)
    /// How long a probe may stay unanswered before the connection is closed.
    case heartbeatTimeout(Span)
    /// How long the *peer* may miss our probes before it closes the connection.
    case heartbeatTTL(Span)
    /// First pause before connecting again.
    case reconnectInterval(Span)
    /// Longest pause before connecting again; the pause doubles up to it.
    case reconnectIntervalMaximum(Span)
    /// Longest accepted message in bytes; a peer that sends a longer one is disconnected.
    case maximumMessageBytes(Int64)
    /// How long a new connection may take to greet.
    case handshakeInterval(Span)
    /// The name under which a ROUTER at the other end knows this socket: 1 to 255 bytes.
    case routingID([UInt8])
    /// Queue messages only for connections that stand.
    case immediate(Bool)

    enum Value {
        case int(Int32)
        case int64(Int64)
        case bytes([UInt8])
    }

    /// libzmq's number of the option and the value it takes.
    var setting: (number: Int32, value: Value) {
        switch self {
        case .routerMandatory(let isOn): (ZMQ_ROUTER_MANDATORY, .int(isOn ? 1 : 0))
        case .linger(let span): (ZMQ_LINGER, .int(span.wholeMilliseconds))
        case .sendHighWaterMark(let count): (ZMQ_SNDHWM, .int(count))
        case .receiveHighWaterMark(let count): (ZMQ_RCVHWM, .int(count))
        case .heartbeatInterval(let span): (ZMQ_HEARTBEAT_IVL, .int(span.wholeMilliseconds))
        case .heartbeatTimeout(let span): (ZMQ_HEARTBEAT_TIMEOUT, .int(span.wholeMilliseconds))
        case .heartbeatTTL(let span): (ZMQ_HEARTBEAT_TTL, .int(span.wholeMilliseconds))
        case .reconnectInterval(let span): (ZMQ_RECONNECT_IVL, .int(span.wholeMilliseconds))
        case .reconnectIntervalMaximum(let span): (ZMQ_RECONNECT_IVL_MAX, .int(span.wholeMilliseconds))
        case .maximumMessageBytes(let count): (ZMQ_MAXMSGSIZE, .int64(count))
        case .handshakeInterval(let span): (ZMQ_HANDSHAKE_IVL, .int(span.wholeMilliseconds))
        case .routingID(let name): (ZMQ_ROUTING_ID, .bytes(name))
        case .immediate(let isOn): (ZMQ_IMMEDIATE, .int(isOn ? 1 : 0))
        }
    }
}

extension Span {
    /// The length in whole milliseconds, as libzmq takes it.
    var wholeMilliseconds: Int32 { Int32(clamping: nanoseconds / 1_000_000) }
}
