/// Why a request got no answer.
public enum TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server answered that it does not accept it.
    case refused(Refusal)
    /// The connection, or the whole node, was closed.
    case closed
    /// The message does not fit a frame of the server.
    case tooLarge(bytes: Int, limit: Int)
    /// Too much waits on this connection already: `limit` bytes.
    case overloaded(limit: Int)

    /// One line for people.
    public var description: String {
        switch self {
        case .refused(let refusal): "refused, \(refusal)"
        case .closed: "the connection is closed"
        case .tooLarge(let bytes, let limit): "a message of \(bytes) bytes exceeds the server's limit of \(limit)"
        case .overloaded(let limit): "more than \(limit) bytes wait to be sent"
        }
    }
}
