import CLinux
import Glibc

/// Starting, watching and ending child processes.
public enum ChildProcess {
    /// How a process ended.
    public enum ExitStatus: Sendable, Equatable {
        /// It left with this code.
        case exited(Int32)
        /// This signal ended it.
        case signalled(Int32)
    }

    /// Starts `executable` (a path, not searched for) with `arguments` (without the program's name, which is the path)
    /// and exactly `environment` (`NAME=value` each).
    ///
    /// - Parameters:
    ///   - standardOutput: The caller's descriptor that becomes the child's standard output; nil shares the caller's.
    ///   - standardError: Likewise for standard error. Standard input is empty.
    ///   - inherit: Further descriptors of the caller, with their numbers in the child; all others are closed there.
    ///   - killedWithParentThread: The system kills the child when the calling *thread* ends: start it from one that
    ///     lives as long as the process.
    ///   - ownProcessGroup: The child leads a process group of its own and does not get the terminal's Ctrl-C.
    /// - Returns: The child's id. It must be awaited once, by `wait` or `poll`.
    public static func spawn(
        executable: String, arguments: [String], environment: [String], standardOutput: Int32? = nil,
        standardError: Int32? = nil, inherit: [(parentFD: Int32, childFD: Int32)] = [],
        killedWithParentThread: Bool = false, ownProcessGroup: Bool = false
    ) throws(UserError) -> pid_t {
        var descriptors = [(standardOutput ?? STDOUT_FILENO, STDOUT_FILENO)]
        descriptors.append((standardError ?? STDERR_FILENO, STDERR_FILENO))
        descriptors += inherit.map { ($0.parentFD, $0.childFD) }
        let parents = descriptors.map(\.0)
        let children = descriptors.map(\.1)
        let pid = CStringArray.with([executable] + arguments) { arguments in
            CStringArray.with(environment) { environment in
                executable.withCString { executable in
                    parents.withUnsafeBufferPointer { parents in
                        children.withUnsafeBufferPointer { children in
                            var request = clinux_spawn_request()
                            request.executable = executable
                            request.arguments = arguments
                            request.environment = environment
                            request.parent_fds = parents.baseAddress
                            request.child_fds = children.baseAddress
                            request.fd_count = parents.count
                            request.killed_with_parent_thread = killedWithParentThread ? 1 : 0
                            request.own_process_group = ownProcessGroup ? 1 : 0
                            return clinux_spawn(&request)
                        }
                    }
                }
            }
        }
        guard pid > 0 else {
            throw .system(
                "cannot be started", at: executable, advice: "check that it is built and executable", errno: -pid)
        }
        return pid
    }

    /// Waits until the child ends; nil when `pid` is no child of ours that is still to be awaited.
    public static func wait(_ pid: pid_t) -> ExitStatus? { status(clinux_wait(pid, 1)) }

    /// How the child ended, or nil while it runs (or when it is no child that is still to be awaited).
    public static func poll(_ pid: pid_t) -> ExitStatus? { status(clinux_wait(pid, 0)) }

    /// Sends a signal to a process, or with `group` to the whole process group that it leads.
    /// - Returns: False when there is none.
    @discardableResult
    public static func kill(_ pid: pid_t, signal: Int32, group: Bool = false) -> Bool {
        // Ids up to 1 mean "every process" and "my own group" to the system.
        guard pid > 1 else { return false }
        return Glibc.kill(group ? -pid : pid, signal) == 0
    }

    private static func status(_ result: clinux_wait_result) -> ExitStatus? {
        guard result.pid > 0 else { return nil }
        return result.was_signalled != 0 ? .signalled(result.code) : .exited(result.code)
    }
}

/// Strings in the form that exec takes: pointers, ended by a null pointer.
private enum CStringArray {
    static func with<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
