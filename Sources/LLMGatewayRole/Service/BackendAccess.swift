import Curl
import Support

/// How the model servers are reached: addresses and key.
struct BackendAccess: Sendable {
    /// Addresses without the trailing `/v1`.
    var urls: [String]
    /// The model that the user named.
    var model: String?
    /// Header lines of every request; the key's is among them.
    var headers: [HTTPRequest.Header]

    /// Environment variable that holds the key.
    static let keyVariable = "GENSIM_LLM_KEY"

    /// Checks what the user gave. The key never comes from an argument, where every user of the machine reads it.
    init(urls: [String], model: String?, key: String?) throws(UserError) {
        var checked: [String] = []
        for url in urls { checked.append(try Self.address(url)) }
        if let twice = Set(checked).first(where: { url in checked.filter { $0 == url }.count > 1 }) {
            throw UserError("the server is given twice", at: twice, advice: "give each server once", exitCode: .usage)
        }
        self.urls = checked
        self.model = model
        headers = [HTTPRequest.Header("Content-Type", "application/json")]
        guard let key, !key.isEmpty else { return }
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UserError(
                "the key holds white space or characters beyond ASCII", advice: "put the key alone on one line",
                exitCode: .configuration)
        }
        headers.append(HTTPRequest.Header("Authorization", "Bearer \(key)"))
    }

    private static func address(_ text: String) throws(UserError) -> String {
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            throw UserError(
                "not the address of a server", at: text, advice: "write --llm http://HOST:PORT", exitCode: .usage)
        }
        let host = text.drop(while: { $0 != "/" }).dropFirst(2).prefix(while: { $0 != "/" })
        guard !host.contains("@") else {
            throw UserError(
                "an address must not hold a password, which everybody on the machine could read",
                advice: "give the key by --llm-key-file or \(keyVariable)", exitCode: .usage)
        }
        guard !host.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UserError(
                "not the address of a server", at: text, advice: "write --llm http://HOST:PORT", exitCode: .usage)
        }
        var address = text[...]
        while address.hasSuffix("/") { address.removeLast() }
        if address.hasSuffix("/v1") { address.removeLast(3) }
        while address.hasSuffix("/") { address.removeLast() }
        return String(address)
    }
}
