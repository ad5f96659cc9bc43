import Glibc
import Support

/// A child process with a thread that waits for its end.
///
/// The thread also started the child, and lives as long as it: so the system can tie the child's life to it.
public final class ManagedChild: Sendable {
    /// What to start.
    public struct Plan: Sendable {
        /// Name for people.
        public var name: String
        /// Path of the program.
        public var executable: String
        /// Arguments without the program's name. Never secrets, prompts or answers: everyone can read them.
        public var arguments: [String]
        /// `NAME=value` each.
        public var environment: [String]
        /// Descriptor for standard output; nil shares ours.
        public var standardOutput: Int32?
        /// Descriptor for standard error; nil shares ours.
        public var standardError: Int32?
        /// Our descriptor of a lifeline, which the child gets under `lifelineNumber`.
        public var lifeline: Int32?
        /// Whether the system kills the child when we are gone, for programs that know no lifeline.
        public var killedWithParent: Bool

        /// A plan; see the properties.
        public init(
            name: String, executable: String, arguments: [String], environment: [String],
            standardOutput: Int32? = nil, standardError: Int32? = nil, lifeline: Int32? = nil,
            killedWithParent: Bool = false
        ) {
            self.name = name
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.standardOutput = standardOutput
            self.standardError = standardError
            self.lifeline = lifeline
            self.killedWithParent = killedWithParent
        }
    }

    /// Number of the lifeline's descriptor in every child, for `--lifeline-fd`.
    public static let lifelineNumber: Int32 = 3

    private struct State {
        var status: ChildProcess.ExitStatus?
        var waiters: [CheckedContinuation<ChildProcess.ExitStatus, Never>] = []
        var handlers: [@Sendable (ChildProcess.ExitStatus) -> Void] = []
    }

    /// Name for people.
    public let name: String
    /// The process's id.
    public let pid: pid_t
    private let state = Guarded(State())

    private init(name: String, pid: pid_t) {
        self.name = name
        self.pid = pid
    }

    /// Starts the child, in a process group of its own: a terminal's Ctrl-C is the parent's to hear.
    public static func start(_ plan: Plan) async throws -> ManagedChild {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try OSThread(name: plan.name) { () -> Void in run(plan, started: continuation) }.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private static func run(_ plan: Plan, started: CheckedContinuation<ManagedChild, any Error>) {
        do {
            let pid = try ChildProcess.spawn(
                executable: plan.executable, arguments: plan.arguments, environment: plan.environment,
                standardOutput: plan.standardOutput, standardError: plan.standardError,
                inherit: plan.lifeline.map { [(parentFD: $0, childFD: lifelineNumber)] } ?? [],
                killedWithParentThread: plan.killedWithParent, ownProcessGroup: true)
            let child = ManagedChild(name: plan.name, pid: pid)
            started.resume(returning: child)
            child.ended(ChildProcess.wait(pid) ?? .signalled(0))
        } catch {
            started.resume(throwing: error)
        }
    }

    private func ended(_ status: ChildProcess.ExitStatus) {
        let before = state.withLock { state -> State in
            let before = state
            state = State(status: status)
            return before
        }
        for waiter in before.waiters { waiter.resume(returning: status) }
        for handler in before.handlers { handler(status) }
    }

    /// How the child ended, nil while it runs.
    public var status: ChildProcess.ExitStatus? { state.withLock { $0.status } }

    /// Waits until the child has ended.
    public func exit() async -> ChildProcess.ExitStatus {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state -> ChildProcess.ExitStatus? in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Runs `handler` once the child has ended, or at once when it has.
    public func onExit(_ handler: @escaping @Sendable (ChildProcess.ExitStatus) -> Void) {
        let status = state.withLock { state -> ChildProcess.ExitStatus? in
            if state.status == nil { state.handlers.append(handler) }
            return state.status
        }
        if let status { handler(status) }
    }

    /// Sends a signal to the child's process group, unless the child has ended.
    public func signal(_ signal: Int32) {
        state.withLock { if $0.status == nil { _ = ChildProcess.kill(pid, signal: signal, group: true) } }
    }

    /// Asks the child to end by SIGTERM, and ends it by SIGKILL if it is still there after `grace`.
    @discardableResult
    public func terminate(grace: Span) async -> ChildProcess.ExitStatus {
        signal(SIGTERM)
        let deadline = Task {
            try await Task.sleep(nanoseconds: grace.nanoseconds)
            signal(SIGKILL)
        }
        defer { deadline.cancel() }
        return await exit()
    }
}

extension ChildProcess.ExitStatus {
    /// As a sentence's end: `ended with exit code 1`, `was ended by signal 9`.
    public var explanation: String {
        switch self {
        case .exited(let code): "ended with exit code \(code)"
        case .signalled(let signal): "was ended by signal \(signal)"
        }
    }
}
