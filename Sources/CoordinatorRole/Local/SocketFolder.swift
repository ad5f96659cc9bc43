import Foundation
import Glibc
import Support

/// The folder in which the processes of a run on one machine have their sockets.
struct SocketFolder: Sendable {
    /// Its path.
    let path: String
    /// Whether we made it, and take it away again.
    let isOurs: Bool

    /// Longest name of a file in it, with its slash: `/embedding-gateway.sock`.
    private static let longestName = 32
    /// By this a folder is known as ours.
    private static let ownPrefix = "gensim-"
    /// Longest path of a Unix socket on Linux, in bytes.
    private static let longestPath = 107

    /// Makes a folder that only its owner may enter, under `$XDG_RUNTIME_DIR` or the temporary directory.
    static func make(environment: [String: String]) throws(UserError) -> SocketFolder {
        let parents = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"]
        var reason: Int32 = ENAMETOOLONG
        for case let parent? in parents where parent.hasPrefix("/") {
            let template = "\(parent == "/" ? "" : parent)/\(ownPrefix)XXXXXX"
            guard template.utf8.count + longestName <= longestPath else { continue }
            guard let name = strdup(template) else { continue }
            defer { free(name) }
            if mkdtemp(name) != nil { return SocketFolder(path: String(cString: name), isOurs: true) }
            reason = errno
        }
        throw .system(
            "no folder for sockets can be made", at: parents.compactMap { $0 }.joined(separator: ", "),
            advice: "set TMPDIR to a short path that you may write to", errno: reason)
    }

    /// A folder that somebody else prepared and in which the other processes already listen.
    static func existing(_ path: String) throws(UserError) -> SocketFolder {
        let absolute = FilePaths.absolute(path)
        guard FilePaths.isFolder(absolute) else {
            throw UserError(
                "there is no such folder", at: path, advice: "--sockets names the folder of the services' sockets",
                exitCode: .noInput)
        }
        return SocketFolder(path: absolute, isOurs: false)
    }

    /// Endpoint of a process in it.
    func endpoint(_ name: String) -> String { "ipc://\(path)/\(name).sock" }

    /// A file in it, such as one by which a child tells that it is ready.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    private static let metricsEnding = ".metrics"

    /// The file by which a process tells where its metrics are.
    func metricsFile(_ name: String) -> String { file(name + Self.metricsEnding) }

    /// Where the processes serve metrics, `HOST:PORT` by name, as far as they have told.
    static func metricsAddresses(in path: String) -> [String: String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return files.filter { $0.hasSuffix(metricsEnding) }.reduce(into: [:]) { addresses, file in
            addresses[String(file.dropLast(metricsEnding.count))] = try? String(
                contentsOfFile: "\(path)/\(file)", encoding: .utf8)
        }
    }

    /// Takes away the folder of a coordinator that was killed. Nothing else is touched, whatever `run.json` says.
    static func removeAbandoned(_ path: String) {
        let name = URL(fileURLWithPath: path).lastPathComponent
        guard name.hasPrefix(ownPrefix), path.hasPrefix("/"), !path.contains("/../") else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Takes the folder away, if it is ours.
    func remove() {
        if isOurs { try? FileManager.default.removeItem(atPath: path) }
    }
}
