import MessagePack
import Model

/// What becomes of an adapter.
public enum AdapterCommand: UInt8, Sendable, CaseIterable {
    /// Servers take it in; requests may name it then.
    case load = 1
    /// Servers let it go.
    case unload = 2
}

/// Anyone to llm-gateway: load a LoRA adapter on servers, or unload it. Answered by `AdapterManaged`.
public struct ManageAdapter: WireMessage {
    public static let kind = WireKind.manageAdapter
    public static let fieldCount = 4
    public static let sizeLimit = WireLimits.small
    /// What to do.
    public var command: AdapterCommand
    /// What requests call it, its version included: `taste@3`.
    public var name: String
    /// Where the servers find it, as they see it; empty for unloading.
    public var path: String
    /// Addresses of the servers; none for all.
    public var servers: [String]

    /// A wish.
    public init(command: AdapterCommand, name: String, path: String = "", servers: [String] = []) {
        self.command = command
        self.name = name
        self.path = path
        self.servers = servers
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(UInt64(command.rawValue))
        packer.pack(name)
        packer.pack(path)
        packer.packArray(count: servers.count)
        for server in servers { packer.pack(server) }
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        command = try unpacker.readCase(AdapterCommand.self)
        name = try unpacker.readString()
        path = try unpacker.readString()
        servers = try unpacker.readStrings()
    }
}

/// What came of it at one server.
public struct AdapterResult: Hashable, Packable, Sendable {
    /// The server's address.
    public var url: String
    /// Why not; nil when it is done.
    public var problem: Problem?

    /// A result; see the properties.
    public init(url: String, problem: Problem? = nil) {
        self.url = url
        self.problem = problem
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(url)
        if let problem { problem.pack(into: &packer) } else { packer.packNil() }
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("adapter result", count: 2)
        url = try unpacker.readString()
        if unpacker.peekType() == .nil {
            try unpacker.readNil()
        } else {
            problem = try Problem(from: &unpacker)
        }
    }
}

/// Llm-gateway's answer to `ManageAdapter`.
public struct AdapterManaged: WireMessage {
    public static let kind = WireKind.adapterManaged
    public static let fieldCount = 1
    /// What came of it at each server that was meant, in the order in which these were added.
    public var results: [AdapterResult]

    /// Results.
    public init(results: [AdapterResult]) { self.results = results }
    public func packFields(into packer: inout Packer) { packer.pack(results) }
    public init(fields unpacker: inout Unpacker, version: Int) throws { results = try unpacker.readList() }
}
