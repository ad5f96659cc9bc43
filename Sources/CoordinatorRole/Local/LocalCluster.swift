import Foundation
import Glibc
import ServiceRuntime
import Support

/// The processes that the coordinator started on this machine: watched, and taken down on every way out.
///
/// All hold one lifeline: whatever becomes of the coordinator, they leave.
final class LocalCluster: Sendable {
    /// A process that ended although nobody wanted it to.
    struct Loss: Sendable {
        /// The process's name, such as `agent-host-2`.
        var name: String
        /// Its name, how it ended, and the end of its log.
        var explanation: String
        /// Whether another one is on its way in its place.
        var isRestarted = false
    }

    /// What to start.
    struct Program: Sendable {
        /// Name of the process, of its log and of its files.
        var name: String
        /// Path of the program.
        var executable: String
        /// Arguments, without those that tie it to us.
        var arguments: [String]
        /// Whether it is a program of others, which runs under our supervisor.
        var isForeign = false
        /// The one variable with a key that the program is to see, nil for none.
        var key: String?
    }

    private struct State {
        var children: [ManagedChild] = []
        var isGoingDown = false
    }

    /// Time between SIGTERM and SIGKILL, longer than a supervisor's own.
    private static let grace = Span.seconds(10)
    private static let quotedLines = 5
    /// Variable with the key of the LLM servers.
    static let llmKey = "GENSIM_LLM_KEY"
    /// Variable with the key of the embedding servers.
    static let embeddingKey = "GENSIM_EMBEDDING_KEY"
    private static let secrets: Set<String> = [llmKey, embeddingKey]

    private let lifeline: Lifeline
    private let logs: String
    private let environment: [String: String]
    private let onLoss: @Sendable (Loss) -> Void
    private let state = Guarded(State())

    /// A cluster whose logs go to the folder `logs`. `onLoss` is called on a thread of its own.
    init(
        logs: String, environment: [String: String], onLoss: @escaping @Sendable (Loss) -> Void
    ) throws {
        self.logs = logs
        self.onLoss = onLoss
        self.environment = environment
        lifeline = try Lifeline()
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
    }

    /// Starts a process. Its output goes to its log.
    func start(_ program: Program) async throws -> ManagedChild {
        let path = log(of: program.name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw UserError.system("the log cannot be written", at: path, errno: errno) }
        defer { close(descriptor) }
        let visible = environment.filter { $0.key == program.key || !Self.secrets.contains($0.key) }
        let tie = ["--lifeline-fd", "\(ManagedChild.lifelineNumber)"]
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: program.name,
                executable: program.isForeign ? try Programs.path(of: "supervisor") : program.executable,
                arguments: program.isForeign
                    ? tie + ["--", program.executable] + program.arguments : program.arguments + tie,
                environment: visible.map { "\($0.key)=\($0.value)" }.sorted(), standardOutput: descriptor,
                standardError: descriptor,
                lifeline: lifeline.readEnd))
        let isLate = state.withLock { state in
            state.children.append(child)
            return state.isGoingDown
        }
        if isLate { child.signal(SIGTERM) }
        child.onExit { [weak self] status in self?.ended(program.name, status) }
        return child
    }

    /// Waits until `file` holds what the process writes there once it serves.
    /// - Throws: A `UserError` with the end of its log when it ends before, or takes longer than `limit`.
    func ready(_ child: ManagedChild, file: String, limit: Span) async throws -> String {
        let clock = SystemClock()
        let deadline = clock.now() + limit
        while clock.now() < deadline {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), !text.isEmpty { return text }
            if let status = child.status { throw UserError(explain(child.name, status), exitCode: .unavailable) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw UserError(
            "\(child.name) is not ready after \(Int(limit.seconds)) seconds", at: log(of: child.name),
            advice: "see its log", exitCode: .unavailable)
    }

    /// Ends all processes: hosts, which were started last, first.
    func takeDown() async {
        let children = state.withLock { state in
            state.isGoingDown = true
            return state.children
        }
        // Services stay until the hosts are gone, so that nobody's last message meets a closed door.
        let hosts = children.filter { $0.name.hasPrefix(Programs.hostPrefix) }
        let others = children.filter { !$0.name.hasPrefix(Programs.hostPrefix) }
        for group in [hosts, others] {
            await withTaskGroup(of: Void.self) { tasks in
                for child in group { tasks.addTask { await child.terminate(grace: Self.grace) } }
            }
        }
    }

    /// Ends all processes on the spot, from any thread.
    func killAll() {
        let children = state.withLock { state in
            state.isGoingDown = true
            return state.children
        }
        for child in children { child.signal(SIGKILL) }
    }

    /// Path of a process's log.
    func log(of name: String) -> String { "\(logs)/\(name).log" }

    private func ended(_ name: String, _ status: ChildProcess.ExitStatus) {
        guard !state.withLock({ $0.isGoingDown }) else { return }
        onLoss(Loss(name: name, explanation: explain(name, status)))
    }

    private func explain(_ name: String, _ status: ChildProcess.ExitStatus) -> String {
        let path = log(of: name)
        let last = LogTail.lines(of: path, count: Self.quotedLines)
        return "\(name) \(status.explanation)"
            + (last.isEmpty
                ? "; its log \(path) is empty" : "; the end of its log \(path): " + last.joined(separator: " | "))
    }
}
