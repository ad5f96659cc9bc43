import Curl
import Foundation
import Glibc
import Support

/// The file of `--servers`: one address on each line, as a plain list or one in YAML, with comments.
enum ServerFile {
    /// Most bytes of the file that are read.
    static let mostBytes = 1 << 20

    /// Reads the file.
    static func addresses(at path: String) throws(UserError) -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw .system(
                "the servers' file cannot be read", at: path, advice: "check its path and permissions", errno: errno)
        }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: mostBytes + 1), data.count <= mostBytes else {
            throw UserError(
                "the servers' file is larger than \(mostBytes) bytes, empty, or cannot be read", at: path,
                advice: "write one address on each line", exitCode: .configuration)
        }
        return try addresses(in: String(decoding: data, as: UTF8.self), of: path)
    }

    /// Reads the text of a file; `path` is for messages.
    static func addresses(in text: String, of path: String) throws(UserError) -> [String] {
        var found: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let word = word(in: line)
            guard !word.isEmpty, word != "---", word != "servers:" else { continue }
            let place = "\(path), line \(index + 1)"
            let address: String
            do throws(UserError) {
                address = try ServerAccess.address(
                    word, .init(urlOption: place, keyOption: "--llm-key-file", keyVariable: "GENSIM_LLM_KEY"))
            } catch {
                throw UserError(
                    error.what, at: place, advice: "write http://HOST:PORT alone on the line", exitCode: .configuration)
            }
            guard !found.contains(address) else {
                throw UserError(
                    "the server is listed twice", at: place, advice: "list it once", exitCode: .configuration)
            }
            found.append(address)
        }
        guard !found.isEmpty else {
            throw UserError(
                "the file lists no server", at: path, advice: "write one address on each line",
                exitCode: .configuration)
        }
        guard found.count <= mostServers else {
            throw UserError(
                "the file lists more than \(mostServers) servers", at: path, exitCode: .configuration)
        }
        return found
    }

    private static let mostServers = 4_096

    /// What a line says, without comment, dash and quotes.
    private static func word(in line: Substring) -> String {
        var text = line.trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("#") { return "" }
        if let comment = text.range(of: " #") {
            text = text[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
        }
        if text == "-" { return "" }
        if text.hasPrefix("- ") { text = text.dropFirst(2).trimmingCharacters(in: .whitespaces) }
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return text
    }
}
