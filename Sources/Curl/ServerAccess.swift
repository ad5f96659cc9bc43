import Foundation
import Support

/// How servers are reached: checked addresses, and the header lines that every request carries.
public struct ServerAccess: Sendable {
    /// Names of the options that the values come from, for messages to people.
    public struct Names: Sendable {
        /// The option that gives addresses, such as `--llm`.
        public var urlOption: String
        /// The option that names the key's file.
        public var keyOption: String
        /// The environment variable that holds the key.
        public var keyVariable: String

        /// Names; see the properties.
        public init(urlOption: String, keyOption: String, keyVariable: String) {
            self.urlOption = urlOption
            self.keyOption = keyOption
            self.keyVariable = keyVariable
        }
    }

    /// Addresses without a trailing `/v1`.
    public let urls: [String]
    /// Header lines; the key's is among them.
    public let headers: [HTTPRequest.Header]

    /// Checks addresses and key. The key never comes from an argument, where every user of the machine reads it.
    public init(urls: [String], key: String?, names: Names) throws(UserError) {
        var checked: [String] = []
        for url in urls {
            let address = try Self.address(url, names)
            guard !checked.contains(address) else {
                throw UserError("the server is given twice", at: address, advice: "give it once", exitCode: .usage)
            }
            checked.append(address)
        }
        self.urls = checked
        let type = HTTPRequest.Header("Content-Type", "application/json")
        guard let key, !key.isEmpty else {
            headers = [type]
            return
        }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UserError(
                "the key holds white space or characters beyond ASCII", at: names.keyOption,
                advice: "put the key alone on one line", exitCode: .configuration)
        }
        headers = [type, HTTPRequest.Header("Authorization", "Bearer \(key)")]
    }

    /// The key from its file, or from the environment where no file is named.
    public static func key(file: String?, names: Names) throws(UserError) -> String? {
        guard let file else { return ProcessInfo.processInfo.environment[names.keyVariable] }
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw UserError(
                "the key file cannot be read", at: file, advice: "check its path and permissions", exitCode: .noInput)
        }
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty else { throw UserError("the key file is empty", at: file, exitCode: .configuration) }
        return key
    }

    /// Checks one address, which may come from anywhere; the same without a slash or `/v1` at its end.
    public static func address(_ text: String, _ names: Names) throws(UserError) -> String {
        let host = text.drop(while: { $0 != "/" }).dropFirst(2).prefix(while: { $0 != "/" })
        guard !host.contains("@") else {
            throw UserError(
                "an address must not hold a password, which everybody on the machine could read", at: names.urlOption,
                advice: "give the key by \(names.keyOption) or \(names.keyVariable)", exitCode: .usage)
        }
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), !host.isEmpty,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw UserError(
                "not the address of a server", at: text, advice: "write \(names.urlOption) http://HOST:PORT",
                exitCode: .usage)
        }
        // Paths are put behind the address; and a query is where some services take their key.
        guard !text.contains("?"), !text.contains("#") else {
            throw UserError(
                "an address must not hold a query or a fragment", at: names.urlOption,
                advice: "write \(names.urlOption) http://HOST:PORT and give the key by \(names.keyOption)",
                exitCode: .usage)
        }
        var address = text[...]
        while address.hasSuffix("/") { address.removeLast() }
        if address.hasSuffix("/v1") { address.removeLast(3) }
        while address.hasSuffix("/") { address.removeLast() }
        return String(address)
    }
}
