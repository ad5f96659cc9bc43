import Foundation
import Glibc
import ServiceRuntime
import Support

/// `RUN_DIR/run.json`: what plays the run, for people and for the other subcommands.
struct RunFile: Codable, Equatable, Sendable {
    static let name = "run.json"

    /// The model servers that the run was started with, so that a resumed run needs not be told again.
    struct Servers: Codable, Equatable, Sendable {
        /// Addresses, or the one word `emulator`.
        var llm: [String] = []
        /// Address, or nil where the servers of `llm` or `localModels` serve embeddings too.
        var embedding: String?
        /// Folder of local models.
        var localModels: String?
        /// Further arguments of the emulator.
        var emulatorArguments: [String] = []
        /// File of the servers' key; the key itself is nowhere.
        var keyFile: String?
    }

    /// The run's name.
    var run: String
    /// Version of the program.
    var version: String
    /// The coordinator's process; nil once it has left.
    var pid: Int32?
    /// Number of agent-hosts.
    var hosts: Int
    /// Folder of the sockets.
    var sockets: String
    /// Endpoints by process name.
    var endpoints: [String: String]
    /// The model servers.
    var servers: Servers
    /// What gateways know the run's calls by. Without it, a resumed run asks again for what was under way.
    var scope: String?

    /// Writes it whole or not at all.
    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(encoder.encode(self)) + [UInt8(ascii: "\n")], to: "\(folder)/\(Self.name)")
    }

    /// Reads it; nil where there is none.
    static func read(from folder: String) throws(UserError) -> RunFile? {
        let path = "\(folder)/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(RunFile.self, from: data)
        } catch {
            throw UserError(
                "the file is damaged", at: path, advice: "delete it: the recording holds all that counts",
                exitCode: .dataError)
        }
    }

    /// Whether somebody plays the run in a folder, or whether the process `pid` does.
    static func isPlayed(_ folder: String, by pid: Int32? = nil) throws(UserError) -> Bool {
        guard let file = try read(from: folder), file.isAlive else { return false }
        return pid == nil || file.pid == pid
    }

    /// Whether the process that it names is there.
    var isAlive: Bool { pid.map { $0 > 1 && kill($0, 0) == 0 } ?? false }
}
