import Foundation
import ServiceRuntime
import Support

/// The chat and embedding servers of a folder that `Scripts/models` prepared.
struct LocalModels: Sendable {
    /// Where a started server listens.
    struct Server: Sendable {
        /// Base address.
        var url: String
        /// The model's name.
        var model: String
    }

    /// What `models.json` says about the folder.
    private struct Manifest: Decodable {
        struct Model: Decodable {
            var model: String
            var file: String
        }
        var server: String
        var chat: Model
        var embedding: Model
    }

    private enum Role: String {
        case chat = "chat-model"
        case embedding = "embedding-model"

        /// Room for a few requests at a time; more would not be faster on a CPU.
        var arguments: [String] {
            switch self {
            case .chat: ["-np", "4", "-c", "8192", "--cache-ram", "256"]
            case .embedding:
                ["--embedding", "--pooling", "mean", "-np", "4", "-c", "2048", "-b", "2048", "-ub", "2048"]
            }
        }
    }

    private static let startLimit = Span.seconds(120)
    private static let manifestName = "models.json"
    private let folder: String
    private let manifest: Manifest

    /// The servers of `folder`, which is checked before anything is started.
    init(folder: String) throws(UserError) {
        self.folder = FilePaths.absolute(folder)
        let path = "\(self.folder)/\(Self.manifestName)"
        guard let data = FileManager.default.contents(atPath: path),
            let manifest = try? JSONDecoder().decode(Manifest.self, from: data)
        else {
            throw Self.incomplete("\(path) is missing or damaged", folder)
        }
        self.manifest = manifest
        for file in [manifest.server, manifest.chat.file, manifest.embedding.file] {
            guard FileManager.default.fileExists(atPath: "\(self.folder)/\(file)") else {
                throw Self.incomplete("\(self.folder)/\(file) is missing", folder)
            }
        }
    }

    private static func incomplete(_ what: String, _ folder: String) -> UserError {
        UserError(
            "the folder of local models is not complete: \(what)", at: folder,
            advice: "prepare it with Scripts/models, which prints its path", exitCode: .noInput)
    }

    /// A random key for servers that anyone on this machine can reach, in a file that only we can read.
    static func writeKey(to file: String) throws(UserError) {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<4).map { _ in String(generator.next(), radix: 16) }.joined()
        try AtomicFile.write(Array("\(key)\n".utf8), to: file, mode: 0o600)
    }

    /// Starts both servers and waits until they answer.
    func start(in cluster: LocalCluster, keyFile: String) async throws -> (chat: Server, embedding: Server) {
        async let chat = start(.chat, cluster, keyFile)
        async let embedding = start(.embedding, cluster, keyFile)
        return (try await chat, try await embedding)
    }

    private func start(_ role: Role, _ cluster: LocalCluster, _ keyFile: String) async throws -> Server {
        let port = try LocalPort.free()
        let model = role == .chat ? manifest.chat : manifest.embedding
        // One thread for each: more than the free cores make these servers spin.
        let arguments =
            [
                "-m", "\(folder)/\(model.file)", "--alias", model.model, "--host", "127.0.0.1", "--port",
                "\(port)",
                "-t", "1", "-tb", "1", "--api-key-file", keyFile, "--no-webui", "--offline",
            ] + role.arguments
        let child = try await cluster.start(
            LocalCluster.Program(
                name: role.rawValue, executable: "\(folder)/\(manifest.server)", arguments: arguments, isForeign: true))
        let clock = SystemClock()
        let deadline = clock.now() + Self.startLimit
        while LocalPort.status(port: port, path: "/health") != 200 {
            if child.status != nil || clock.now() > deadline {
                let log = cluster.log(of: role.rawValue)
                throw UserError(
                    "the local \(role.rawValue) does not start", at: log,
                    advice: (LogTail.lines(of: log, count: 3) + ["check the folder with Scripts/models"])
                        .joined(separator: " | "),
                    exitCode: .unavailable)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        cluster.serves(child)
        return Server(url: "http://127.0.0.1:\(port)", model: model.model)
    }
}
