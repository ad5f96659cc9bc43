import Glibc
import Support

/// Which endpoints may be used without encryption, and what a path needs before it is bound.
enum EndpointRule {
    /// Longest path of a Unix socket on Linux, in bytes.
    static let longestPath = 107

    /// Refuses endpoints that are malformed, too long, or reach beyond this machine.
    static func check(_ endpoint: String) throws(UserError) {
        if let path = path(of: endpoint) {
            guard path.utf8.count <= longestPath, !path.isEmpty else {
                throw UserError(
                    "a socket's path holds 1 to \(longestPath) bytes, this one has \(path.utf8.count)", at: endpoint,
                    advice: "use a shorter folder, such as one under /tmp", exitCode: .configuration)
            }
        } else if let host = host(of: endpoint) {
            guard isLoopback(host) else {
                throw UserError(
                    "tcp beyond this machine needs encryption keys, and none are configured", at: endpoint,
                    advice: "use tcp://127.0.0.1:PORT or ipc://PATH", exitCode: .configuration)
            }
        } else if !endpoint.hasPrefix("inproc://") {
            throw UserError(
                "not an endpoint", at: endpoint, advice: "write ipc://PATH or tcp://127.0.0.1:PORT",
                exitCode: .configuration)
        }
    }

    /// Makes the folder of an `ipc://` endpoint, readable by its owner alone, unless it is there.
    static func prepareFolder(of endpoint: String) throws(UserError) {
        guard let path = path(of: endpoint), let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            return
        }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw .system("the folder for sockets cannot be made", at: folder, errno: errno)
        }
    }

    private static func path(of endpoint: String) -> String? {
        endpoint.hasPrefix("ipc://") ? String(endpoint.dropFirst("ipc://".count)) : nil
    }

    private static func host(of endpoint: String) -> String? {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return nil }
        let start = endpoint.index(endpoint.startIndex, offsetBy: "tcp://".count)
        return start <= colon ? String(endpoint[start..<colon]) : nil
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
