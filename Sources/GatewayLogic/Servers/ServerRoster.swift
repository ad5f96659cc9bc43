/// Which servers there should be, by all who may say so: the command line, a file that is read again when it changes,
/// commands, and what names resolve to.
///
/// A command outlives the file: a server that was taken out by command stays out until a command adds it again or the
/// file lists it anew.
public struct ServerRoster: Sendable {
    /// Most servers of one gateway.
    public static let most = 4_096

    private let options: [String]
    private var file: [String]
    private var commanded: [String] = []
    private var withdrawn: Set<String> = []
    private var backends = BackendSet()
    /// Names that were asked for at least once, whatever came of it.
    private var asked: Set<String> = []

    /// No server yet, see ``start()``.
    /// - Parameters:
    ///   - options: addresses of the command line.
    ///   - file: those of the file as it is at the start.
    public init(options: [String], file: [String] = []) {
        self.options = options
        self.file = file
    }

    /// The names to resolve, each once.
    public var names: [String] { backends.names }

    /// Whether every name was resolved, or could not be, at least once: before that some servers may be unknown.
    public var isComplete: Bool { backends.names.allSatisfy(asked.contains) }

    /// All servers that there should be.
    public var endpoints: [ServerEndpoint] { backends.endpoints.filter { !withdrawn.contains($0.url) } }

    /// The servers at the start.
    public mutating func start() -> BackendChange { change { $0.configure() } }

    /// The file was read again.
    public mutating func read(_ addresses: [String]) -> BackendChange {
        change { roster in
            let known = Set(roster.file)
            // Who writes an address into the file wants the server.
            for address in addresses where !known.contains(address) { roster.withdrawn.remove(address) }
            roster.file = addresses
            roster.configure()
        }
    }

    /// A command adds a server, or all behind a name. One that is there already stays as it is.
    public mutating func add(_ address: String) -> BackendChange {
        change { roster in
            let wasWithdrawn = roster.withdrawn.remove(address) != nil
            let isConfigured = (roster.options + roster.file + roster.commanded).contains(address)
            // One replica of a name comes back as that.
            let isReplica = wasWithdrawn && roster.backends.endpoints.contains { $0.url == address }
            if !isConfigured && !isReplica { roster.commanded.append(address) }
            roster.configure()
        }
    }

    /// A command takes out a server, all behind a name, or one of those; nil when there is none of that address.
    public mutating func withdraw(_ address: String) -> BackendChange? {
        let isConfigured = configured.contains(address)
        guard isConfigured || endpoints.contains(where: { $0.url == address }) else { return nil }
        return change { roster in
            roster.commanded.removeAll { $0 == address }
            roster.withdrawn.insert(address)
            roster.configure()
        }
    }

    /// A name was asked for; nil when it could not be resolved.
    public mutating func resolved(_ name: String, _ addresses: [String]?) -> BackendChange {
        change { roster in
            roster.asked.insert(name)
            _ = addresses.map { roster.backends.resolved(name, $0) } ?? roster.backends.unresolved(name)
        }
    }

    private var configured: [String] { (options + file + commanded).filter { !withdrawn.contains($0) } }

    private mutating func configure() { _ = backends.configure(configured) }

    private mutating func change(_ body: (inout ServerRoster) -> Void) -> BackendChange {
        let before = endpoints
        body(&self)
        let after = endpoints
        let (old, new) = (Set(before), Set(after))
        return BackendChange(added: after.filter { !old.contains($0) }, drained: before.filter { !new.contains($0) })
    }
}
