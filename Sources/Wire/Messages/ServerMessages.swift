import MessagePack
import Model

/// Anyone to llm-gateway: which servers are there, and how are they? Answered by `ServersListed`.
public typealias ListServers = BareRequest<BareRequests.Servers>

/// A model that requests may name at a server.
public struct ListedModel: Hashable, Packable, Sendable {
    /// What requests call it.
    public var name: String
    /// The model that it adapts; empty for a model of its own.
    public var parent: String

    /// A model; see the properties.
    public init(name: String, parent: String = "") {
        self.name = name
        self.parent = parent
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(name)
        packer.pack(parent)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("listed model", count: 2)
        self.init(name: try unpacker.readString(), parent: try unpacker.readString())
    }
}

/// One model server, and how it is.
public struct ListedServer: Hashable, Packable, Sendable {
    /// Its address, without credentials.
    public var url: String
    /// The name that the address was found by; empty where it was given as it is.
    public var host: String
    /// How it is, in a few words.
    public var state: String
    /// Its engine and version; empty before it was probed.
    public var engine: String
    /// Models and adapters, at most 256.
    public var models: [ListedModel]
    /// Requests that may be in flight there.
    public var window: UInt32
    /// Requests in flight there.
    public var inFlight: UInt32
    /// What was sent there and how it ended: dispatched, answered, busy, failed, lost, cancelled, redispatched.
    public var counts: [NamedCount]

    /// A server; see the properties.
    public init(
        url: String, host: String, state: String, engine: String, models: [ListedModel], window: UInt32,
        inFlight: UInt32, counts: [NamedCount]
    ) {
        self.url = url
        self.host = host
        self.state = state
        self.engine = engine
        self.models = models
        self.window = window
        self.inFlight = inFlight
        self.counts = counts
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 8)
        for text in [url, host, state, engine] { packer.pack(text) }
        packer.pack(models)
        packer.pack(UInt64(window))
        packer.pack(UInt64(inFlight))
        packer.pack(counts)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("listed server", count: 8)
        self.init(
            url: try unpacker.readString(), host: try unpacker.readString(), state: try unpacker.readString(),
            engine: try unpacker.readString(), models: try unpacker.readList(), window: try unpacker.readUInt32(),
            inFlight: try unpacker.readUInt32(), counts: try unpacker.readList())
    }
}

/// Llm-gateway's answer to `ListServers` and `ChangeServers`.
public struct ServersListed: WireMessage {
    public static let kind = WireKind.serversListed
    public static let fieldCount = 1
    /// The servers, in the order in which they were added.
    public var servers: [ListedServer]

    /// A list.
    public init(servers: [ListedServer]) { self.servers = servers }
    public func packFields(into packer: inout Packer) { packer.pack(servers) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { servers = try unpacker.readList() }
}

/// What becomes of a server by command.
public enum ServerCommand: UInt8, Sendable, CaseIterable {
    /// It gets requests from now on.
    case add = 1
    /// It finishes what it has, gets nothing more, and leaves.
    case drain = 2
    /// It leaves at once; what it has goes elsewhere.
    case remove = 3
}

/// Anyone to llm-gateway: add, drain or remove a server. Answered by `ServersListed`, as it is after that.
public struct ChangeServers: WireMessage {
    public static let kind = WireKind.changeServers
    public static let fieldCount = 2
    public static let sizeLimit = WireLimits.small
    /// What to do.
    public var command: ServerCommand
    /// The server's address; a name in it stands for all servers behind it.
    public var url: String

    /// A wish.
    public init(command: ServerCommand, url: String) {
        self.command = command
        self.url = url
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(command.rawValue))
        packer.pack(url)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        command = try unpacker.readCase(ServerCommand.self)
        url = try unpacker.readString()
    }
}
