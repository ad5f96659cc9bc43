/// A configured address, taken apart as far as replacing its host needs.
struct BackendAddress: Sendable {
    /// The whole, without a slash at its end.
    let url: String
    /// The name that may stand for several servers; nil where the address stands for itself.
    let name: String?
    private let authority: String
    private let port: String
    private let path: String

    /// Takes `url` apart. Whatever cannot be is left whole.
    ///
    /// An https address stays whole, since its certificate is checked against the name, and so does one of this
    /// machine, whose two addresses are one server.
    init(_ url: String) {
        var whole = Substring(url)
        while whole.last == "/", !whole.hasSuffix("://") { whole.removeLast() }
        self.url = String(whole)
        let scheme = "http://"
        let rest = whole.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        let host = authority.prefix { $0 != ":" }
        self.authority = String(authority)
        path = String(rest[authority.endIndex...])
        port = String(authority[host.endIndex...])
        let lower = host.lowercased()
        let isName =
            whole.lowercased().hasPrefix(scheme) && !host.isEmpty
            && port.dropFirst().allSatisfy(\.isNumber)
            && lower.utf8.allSatisfy { Self.isNameByte($0) }
            && !lower.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
            && lower != "localhost" && !lower.hasSuffix(".localhost")
        name = isName ? lower : nil
    }

    /// The server at one of the name's numeric addresses.
    func endpoint(at address: String) -> ServerEndpoint {
        let host = address.contains(":") ? "[\(address)]" : address
        return ServerEndpoint(url: "http://\(host)\(port)\(path)", host: authority)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
