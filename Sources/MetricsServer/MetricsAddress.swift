/// Where a process's metrics are served.
public struct MetricsAddress: Sendable, Hashable, CustomStringConvertible {
    /// Name or address of the interface, without brackets.
    public let host: String
    /// The port; 0 for one that the system chooses.
    public let port: Int

    /// A port of this machine that the system chooses, seen from this machine only.
    public static let standard = MetricsAddress(host: "127.0.0.1", port: 0)

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, `[ADDRESS]:PORT` for an address with colons; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            text[text.index(after: colon)...].allSatisfy(\.isNumber)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !host.contains(where: { "[]/".contains($0) })
        else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
