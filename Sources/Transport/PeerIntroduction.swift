/// Names a peer of one listener, from its arrival until it is lost; never used again.
public struct PeerID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Counts the listener's peers in order of arrival.
    public let number: UInt64

    init(number: UInt64) { self.number = number }

    /// Orders by arrival.
    public static func < (left: PeerID, right: PeerID) -> Bool { left.number < right.number }

    /// `peer 7`.
    public var description: String { "peer \(number)" }
}

/// Who a client says it is.
public struct PeerIntroduction: Sendable, Equatable {
    /// What kind of process it is, such as `agent-host`.
    public var role: String
    /// Its name among those of its role.
    public var name: String
    /// Differs for every start of the process, so that a restart is told from a lost connection.
    public var incarnation: UInt64

    /// An introduction; role and name take at most 256 bytes each.
    public init(role: String, name: String, incarnation: UInt64) {
        self.role = role
        self.name = name
        self.incarnation = incarnation
    }

    static let longestName = 256
}

/// How many requests a client may have unanswered at a server.
public struct Credit: Sendable, Equatable {
    /// Number of requests.
    public var messages: Int
    /// Bytes of their bodies together. A single longer request may go alone.
    public var bytes: Int

    /// A credit of so many messages and bytes.
    public init(messages: Int, bytes: Int) {
        self.messages = messages
        self.bytes = bytes
    }

    /// Whether a request of `next` bytes fits beside `outstanding`.
    func admits(_ next: Int, beside outstanding: Credit) -> Bool {
        guard outstanding.messages > 0 else { return messages > 0 }
        return outstanding.messages < messages && outstanding.bytes <= bytes - next
    }
}
