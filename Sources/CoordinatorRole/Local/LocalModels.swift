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

    private static let startLimit = Span.seconds(120)
    private let program: String
    private let folder: String

    private enum Role: String {
        case chat = "chat-model"
        case embedding = "embedding-model"

        var file: String {
            switch self {
            case .chat: "smollm2-135m-instruct-q8_0.gguf"
            case .embedding: "all-minilm-l6-v2-q8_0.gguf"
            }
        }

        var model: String {
            switch self {
            case .chat: "smollm2-135m-instruct"
            case .embedding: "all-minilm-l6-v2"
            }
        }

        /// One thread for each: more than the free cores make these servers spin.
        var arguments: [String] {
            switch self {
            case .chat: ["-np", "4", "-c", "8192", "--cache-ram", "256"]
            case .embedding:
                ["--embedding", "--pooling", "mean", "-np", "4", "-c", "2048", "-b", "2048", "-ub", "2048"]
            }
        }
    }

    /// The servers of `folder`, which is checked before anything is started.
    init(folder: String) throws(UserError) {
        self.folder = FilePaths.absolute(folder)
        program = "\(self.folder)/llama/bin/llama-server"
        for file in [program] + [Role.chat, .embedding].map({ "\(self.folder)/models/\($0.file)" }) {
            guard FileManager.default.fileExists(atPath: file) else {
                throw UserError(
                    "the folder of local models is not complete: \(file) is missing", at: folder,
                    advice: "prepare it with Scripts/models, which prints its path", exitCode: .noInput)
            }
        }
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
        let arguments =
            [
                "-m", "\(folder)/models/\(role.file)", "--alias", role.model, "--host", "127.0.0.1", "--port",
                "\(port)",
                "-t", "1", "-tb", "1", "--api-key-file", keyFile, "--no-webui", "--offline",
            ] + role.arguments
        let child = try await cluster.start(
            LocalCluster.Program(name: role.rawValue, executable: program, arguments: arguments, isForeign: true))
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
        return Server(url: "http://127.0.0.1:\(port)", model: role.model)
    }
}
