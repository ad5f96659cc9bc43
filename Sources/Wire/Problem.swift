import MessagePack
import Model
import Support

/// A request was understood and could not be fulfilled: `UserError` on the wire.
public struct Problem: Hashable, Packable, Error {
    /// What kind of problem, so that the receiver can act.
    public enum Code: UInt8, Sendable {
        /// The sender's epoch is not the current one: it no longer holds the partition.
        case fenced = 1
        /// The request contradicts what is durable.
        case conflict = 2
        /// What was asked for does not exist.
        case notFound = 3
        /// A limit was reached; the same request may succeed later.
        case overloaded = 4
        /// A server behind the service is wrongly configured; a person must act.
        case misconfigured = 5
        /// No server behind the service works at present.
        case unavailable = 6
        /// The service's storage failed; a person must act.
        case storage = 7
        /// The request is malformed or makes no sense.
        case invalid = 8
    }

    /// The kind of problem.
    public var code: Code
    /// What happened.
    public var what: String
    /// What to do.
    public var advice: String

    /// A problem of this kind.
    public init(_ code: Code, _ what: String, advice: String = "") {
        self.code = code
        self.what = what
        self.advice = advice
    }

    /// The problem as a person reads it.
    public func userError(at place: String) -> UserError {
        let exit: ProcessExitCode =
            switch code {
            case .misconfigured: .configuration
            case .unavailable, .overloaded: .unavailable
            case .storage: .ioError
            case .invalid: .protocolError
            case .fenced, .conflict, .notFound: .software
            }
        return UserError(what, at: place, advice: advice, exitCode: exit)
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(code.rawValue))
        packer.pack(what)
        packer.pack(advice)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("problem", count: 3)
        self.init(
            try unpacker.readCase(Code.self), try unpacker.readString(), advice: try unpacker.readString())
    }
}

/// The answer to a request that could not be fulfilled.
public struct RequestFailed: WireMessage {
    public static let kind = WireKind.failed
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small
    /// Why.
    public var problem: Problem

    /// The failure of a request.
    public init(_ problem: Problem) { self.problem = problem }
    public func packFields(into packer: inout Packer) { problem.pack(into: &packer) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { problem = try Problem(from: &unpacker) }
}
