/// Cuts whole HTTP requests off the front of what a connection has read.
enum ScriptedRequestParser {
    private static let blankLine = Array("\r\n\r\n".utf8)

    static func take(_ input: inout [UInt8], connection: Int) -> ScriptedServer.Request? {
        guard let end = headEnd(input) else { return nil }
        let lines = String(decoding: input[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop(while: { $0 == " " }))
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let start = end + blankLine.count
        guard input.count >= start + length else { return nil }
        let body = Array(input[start..<start + length])
        input.removeFirst(start + length)
        return ScriptedServer.Request(
            number: 0, connection: connection, method: String(words[0]), path: String(words[1]), headers: headers,
            body: body)
    }

    private static func headEnd(_ input: [UInt8]) -> Int? {
        guard input.count >= 4 else { return nil }
        return (0...(input.count - 4)).first { Array(input[$0..<$0 + 4]) == blankLine }
    }
}
