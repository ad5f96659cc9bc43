/// Which servers there should be: the configured addresses, each of which may stand for several servers behind one
/// name, as replicas do under an orchestrator.
///
/// The caller resolves ``names`` now and then and tells what came out. A name that cannot be resolved keeps the
/// servers that it had: a broken resolver takes none away.
public struct BackendSet: Sendable {
    /// Answers in a row in which an address must be missing before its server is drained: some resolvers tell a
    /// changing part of the addresses only.
    static let missesUntilGone = 3
    /// Most addresses of one name that are used.
    static let mostAddresses = 256

    private struct Entry: Sendable {
        let address: BackendAddress
        /// Numeric addresses of the name, each with the answers in a row in which it was missing.
        var resolved: [String: Int] = [:]
        /// Whether the name could never be resolved, so that it stands for itself and its failure is seen.
        var isUnresolved = false
    }

    private var entries: [Entry] = []

    /// No servers.
    public init() {}

    /// The names to resolve, each once.
    public var names: [String] { Set(entries.compactMap(\.address.name)).sorted() }

    /// All servers that there should be, in the order of configuration.
    public var endpoints: [ServerEndpoint] {
        var seen: Set<String> = []
        return entries.flatMap(Self.endpoints(of:)).filter { seen.insert($0.url).inserted }
    }

    /// Takes a new list of configured addresses, as at the start or after the configuration was read again.
    public mutating func configure(_ urls: [String]) -> BackendChange {
        change { set in
            let before = set.entries
            set.entries = []
            for url in urls {
                let address = BackendAddress(url)
                guard !set.entries.contains(where: { $0.address.url == address.url }) else { continue }
                let known =
                    before.first { $0.address.url == address.url }
                    ?? before.first { $0.address.name != nil && $0.address.name == address.name }
                set.entries.append(
                    Entry(
                        address: address, resolved: known?.resolved ?? [:],
                        isUnresolved: known?.isUnresolved ?? false))
            }
        }
    }

    /// A name was resolved. IPv6 addresses count only where there is no other, since a server often has both.
    public mutating func resolved(_ name: String, _ addresses: [String]) -> BackendChange {
        let old = addresses.filter(Self.isIPv4)
        let usable = (old.isEmpty ? addresses.filter(Self.isIPv6) : old).prefix(Self.mostAddresses)
        guard !usable.isEmpty else { return unresolved(name) }
        return change { set in
            for index in set.entries.indices where set.entries[index].address.name == name {
                set.entries[index].isUnresolved = false
                for known in set.entries[index].resolved.keys where !usable.contains(known) {
                    let misses = (set.entries[index].resolved[known] ?? 0) + 1
                    set.entries[index].resolved[known] = misses < Self.missesUntilGone ? misses : nil
                }
                for address in usable { set.entries[index].resolved[address] = 0 }
            }
        }
    }

    /// A name could not be resolved.
    public mutating func unresolved(_ name: String) -> BackendChange {
        change { set in
            for index in set.entries.indices
            where set.entries[index].address.name == name && set.entries[index].resolved.isEmpty {
                set.entries[index].isUnresolved = true
            }
        }
    }

    private mutating func change(_ body: (inout BackendSet) -> Void) -> BackendChange {
        let before = endpoints
        body(&self)
        let after = endpoints
        let old = Set(before)
        let new = Set(after)
        return BackendChange(added: after.filter { !old.contains($0) }, drained: before.filter { !new.contains($0) })
    }

    private static func endpoints(of entry: Entry) -> [ServerEndpoint] {
        guard entry.address.name != nil, !entry.isUnresolved else { return [ServerEndpoint(url: entry.address.url)] }
        return entry.resolved.keys.sorted().map { entry.address.endpoint(at: $0) }
    }

    private static func isIPv4(_ address: String) -> Bool {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8($0) != nil }
    }

    private static func isIPv6(_ address: String) -> Bool {
        address.utf8.count <= 39 && address.contains(":")
            && address.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x3A, UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
