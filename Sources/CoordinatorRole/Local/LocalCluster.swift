import Foundation
import Glibc
import ServiceRuntime
import Support
import TrapLog

/// The processes that the coordinator started on this machine: watched, started again when they die, and taken down on
/// every way out.
///
/// All hold one lifeline: whatever becomes of the coordinator, they leave.
final class LocalCluster: Sendable {
    /// A process that ended although nobody wanted it to.
    struct Loss: Sendable {
        /// The process's name, such as `agent-host-2`.
        var name: String
        /// Its name, how it ended, and the end of its log.
        var explanation: String
        /// Whether it is started again; if not, it is given up, and the explanation says why.
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
        /// File in which it notes whose code runs, nil where it runs none of scenarios.
        var trapLog: String?
        /// The one variable with a key that the program is to see, nil for none.
        var key: String?
        /// File that it writes once it serves; taken away before each start. Without one it counts as serving at once,
        /// unless it is a program of others.
        var readyFile: String?
    }

    /// A process as it runs now, and how it would be started again.
    private struct Member {
        var program: Program
        var child: ManagedChild
        var started: Instant
        var policy = RestartPolicy()
        /// The life of it that noted the last trap that is known of it.
        var lastTrap: UInt64?
        /// Whether it ever served: one that never did is an error of the start, which nobody repeats.
        var hasServed: Bool
    }

    private struct State {
        /// By name, in the order of their first start.
        var members: [Member] = []
        /// How processes ended that never served and are given up, by name.
        var failures: [String: UserError] = [:]
        var isGoingDown = false

        func index(_ name: String) -> Int? { members.firstIndex { $0.program.name == name } }
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
    private let clock: any MonotonicClock
    private let onLoss: @Sendable (Loss) -> Void
    private let state = Guarded(State())

    /// A cluster whose logs go to the folder `logs`. `onLoss` is called on a thread of its own.
    init(
        logs: String, environment: [String: String], clock: any MonotonicClock = SystemClock(),
        onLoss: @escaping @Sendable (Loss) -> Void
    ) throws {
        self.logs = logs
        self.clock = clock
        self.onLoss = onLoss
        self.environment = environment
        lifeline = try Lifeline()
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
    }

    /// Starts a process, and again whenever it dies. Its output goes to its log.
    func start(_ program: Program) async throws -> ManagedChild {
        let child = try await spawn(program)
        adopt(
            Member(
                program: program, child: child, started: clock.now(),
                hasServed: program.readyFile == nil && !program.isForeign))
        return child
    }

    /// From now on the process is started with other arguments: with the port, say, that it had found.
    func amend(_ name: String, arguments: [String]) {
        state.withLock { state in
            if let index = state.index(name) { state.members[index].program.arguments = arguments }
        }
    }

    private func spawn(_ program: Program) async throws -> ManagedChild {
        if let file = program.readyFile { try? FileManager.default.removeItem(atPath: file) }
        let path = log(of: program.name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw UserError.system("the log cannot be written", at: path, errno: errno) }
        defer { close(descriptor) }
        let visible = environment.filter { $0.key == program.key || !Self.secrets.contains($0.key) }
        let tie = ["--lifeline-fd", "\(ManagedChild.lifelineNumber)"]
        return try await ManagedChild.start(
            ManagedChild.Plan(
                name: program.name,
                executable: program.isForeign ? try Programs.path(of: "supervisor") : program.executable,
                arguments: program.isForeign
                    ? tie + ["--", program.executable] + program.arguments : program.arguments + tie,
                environment: visible.map { "\($0.key)=\($0.value)" }.sorted(), standardOutput: descriptor,
                standardError: descriptor,
                lifeline: lifeline.readEnd))
    }

    /// Takes a process in, in the place of the last one of its name.
    private func adopt(_ member: Member) {
        let isLate = state.withLock { state in
            if let index = state.index(member.program.name) {
                state.members[index] = member
            } else {
                state.members.append(member)
            }
            return state.isGoingDown
        }
        if isLate { member.child.signal(SIGTERM) }
        member.child.onExit { [weak self] status in self?.ended(member.child, status) }
    }

    /// Waits until `file` holds what the process writes there once it serves.
    /// - Throws: A `UserError` with the end of its log when it ends before, or takes longer than `limit`.
    func ready(_ child: ManagedChild, file: String, limit: Span) async throws -> String {
        let clock = SystemClock()
        let deadline = clock.now() + limit
        while clock.now() < deadline {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), !text.isEmpty {
                markServing(child)
                return text
            }
            if let failure = state.withLock({ $0.failures[child.name] }) { throw failure }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw UserError(
            "\(child.name) is not ready after \(Int(limit.seconds)) seconds", at: log(of: child.name),
            advice: "see its log", exitCode: .unavailable)
    }

    /// Our exit code when a process ends before it serves: its own where it tells of a damaged file or a failing disk,
    /// which no second try mends.
    private static func exitCode(_ status: ChildProcess.ExitStatus) -> ProcessExitCode {
        guard case .exited(let code) = status, let known = ProcessExitCode(rawValue: code),
            [.dataError, .ioError].contains(known)
        else { return .unavailable }
        return known
    }

    private func markServing(_ child: ManagedChild) {
        state.withLock { state in
            if let index = state.index(child.name) { state.members[index].hasServed = true }
        }
    }

    /// Marks a process of others as serving.
    func serves(_ child: ManagedChild) { markServing(child) }

    /// Ends all processes: hosts, which were started last, first.
    func takeDown() async {
        let children = state.withLock { state in
            state.isGoingDown = true
            return state.members.map(\.child)
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
            return state.members.map(\.child)
        }
        for child in children { child.signal(SIGKILL) }
    }

    /// Path of a process's log.
    func log(of name: String) -> String { "\(logs)/\(name).log" }

    private func ended(_ child: ManagedChild, _ status: ChildProcess.ExitStatus) {
        let now = clock.now()
        let explanation = explain(child.name, status)
        let log = state.withLock { state in state.index(child.name).flatMap { state.members[$0].program.trapLog } }
        let trap = log.flatMap { TrapLog.trappedLife(at: $0) }
        let found = state.withLock { state -> (Member, RestartPolicy.Verdict)? in
            guard !state.isGoingDown, let index = state.index(child.name), state.members[index].child === child else {
                return nil
            }
            // Killed while it starts, it is started again like any other; what left by itself would do so again.
            if case .exited = status, !state.members[index].hasServed {
                state.failures[child.name] = UserError(explanation, exitCode: Self.exitCode(status))
                return (state.members[index], .giveUp(""))
            }
            let lived = now.since(state.members[index].started)
            // A file that an earlier life has left tells nothing of this one.
            let isNew = trap != nil && trap != state.members[index].lastTrap
            if isNew { state.members[index].lastTrap = trap }
            let verdict = state.members[index].policy.ended(status, lived: lived, hasNotedTurns: isNew)
            return (state.members[index], verdict)
        }
        guard let (member, verdict) = found else { return }
        switch verdict {
        case .giveUp(let reason):
            state.withLock { state in
                state.failures[child.name] =
                    state.failures[child.name]
                    ?? UserError("\(explanation); \(reason)", exitCode: .unavailable)
            }
            onLoss(Loss(name: child.name, explanation: reason.isEmpty ? explanation : "\(explanation); \(reason)"))
        case .restart(let wait):
            onLoss(Loss(name: child.name, explanation: explanation, isRestarted: true))
            Task { await restart(member.program.name, after: wait) }
        }
    }

    private func restart(_ name: String, after wait: Span) async {
        do {
            try await Task.sleep(nanoseconds: wait.nanoseconds)
            // As it is to be started now, and with all that is known of its failures.
            let last = state.withLock { state in
                state.isGoingDown ? nil : state.index(name).map { state.members[$0] }
            }
            guard var member = last else { return }
            member.child = try await spawn(member.program)
            member.started = clock.now()
            adopt(member)
        } catch {
            // What the system refuses now, such as a process more, it may grant a moment later.
            let verdict = state.withLock { state -> RestartPolicy.Verdict? in
                guard !state.isGoingDown, let index = state.index(name) else { return nil }
                return state.members[index].policy.didNotStart()
            }
            switch verdict {
            case nil: return
            case .restart(let wait): await restart(name, after: wait)
            case .giveUp(let reason):
                onLoss(Loss(name: name, explanation: "\(name) cannot be started again: \(error); \(reason)"))
            }
        }
    }

    private func explain(_ name: String, _ status: ChildProcess.ExitStatus) -> String {
        let path = log(of: name)
        let last = LogTail.lines(of: path, count: Self.quotedLines)
        return "\(name) \(status.explanation)"
            + (last.isEmpty
                ? "; its log \(path) is empty" : "; the end of its log \(path): " + last.joined(separator: " | "))
    }
}
