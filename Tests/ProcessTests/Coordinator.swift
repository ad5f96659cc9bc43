import Foundation
import ServiceRuntime
import Support
import TestKit
import Testing

/// The coordinator's program as a person calls it, from the folder in which this test was built.
struct Coordinator {
    /// How a call ended.
    struct Ending {
        var status: ChildProcess.ExitStatus
        var output: String
        var errors: String
    }

    /// A call that runs.
    struct Running {
        let child: ManagedChild
        fileprivate let output: String
        fileprivate let errors: String

        /// What it has written to standard error.
        var errorsSoFar: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

        /// Waits until it has left.
        func ending() async throws -> Ending {
            let status = await child.exit()
            return Ending(
                status: status, output: try String(contentsOfFile: output, encoding: .utf8),
                errors: try String(contentsOfFile: errors, encoding: .utf8))
        }
    }

    /// Folder for runs and outputs; gone with this value's last copy.
    let folder: TemporaryFolder
    private let binaries: String
    private let repository: String

    init() throws {
        folder = try TemporaryFolder()
        binaries = try ProgramPath.ownFolder(environment: [:])
        let file = URL(fileURLWithPath: #filePath)
        repository = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }

    /// Path of a run's folder.
    func path(_ run: String) -> String { "\(folder.path)/\(run)" }

    /// Path of a configuration that comes with GenSim.
    func configuration(_ name: String) -> String { "\(repository)/Configs/\(name).yaml" }

    /// A copy of such a configuration with another text, beside links to the files that it names.
    func configuration(_ name: String, changed: (String) -> String) throws -> String {
        let source = configuration(name)
        let origin = URL(fileURLWithPath: source).deletingLastPathComponent().path
        for file in try FileManager.default.contentsOfDirectory(atPath: origin) {
            let link = path(file)
            if !FileManager.default.fileExists(atPath: link) {
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(origin)/\(file)")
            }
        }
        let copy = path("changed-\(name).yaml")
        try changed(String(contentsOfFile: source, encoding: .utf8)).write(
            toFile: copy, atomically: true, encoding: .utf8)
        return copy
    }

    /// Starts it, or another program that takes its commands.
    func start(
        _ arguments: [String], program: String = "coordinator", environment: [String] = []
    ) async throws -> Running {
        let name = UUID().uuidString
        let (output, errors) = ("\(folder.path)/\(name).out", "\(folder.path)/\(name).err")
        let descriptors = [output, errors].map { (path: String) in open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { for descriptor in descriptors { close(descriptor) } }
        // The environment says where sockets go; GENSIM_BIN is left out, so that our own folder counts.
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "coordinator", executable: "\(binaries)/\(program)", arguments: arguments,
                environment: ["PATH=/usr/bin:/bin", "TMPDIR=\(folder.path)"] + environment,
                standardOutput: descriptors[0], standardError: descriptors[1]))
        return Running(child: child, output: output, errors: errors)
    }

    /// Calls it and waits.
    func call(
        _ arguments: [String], program: String = "coordinator", environment: [String] = []
    ) async throws -> Ending {
        try await start(arguments, program: program, environment: environment).ending()
    }

    /// Plays a small job market against the emulator.
    func play(_ run: String, _ arguments: [String] = [], rounds: Int = 2) async throws -> Ending {
        try await call(Self.arguments(configuration("job-market"), path(run), rounds: rounds) + arguments)
    }

    /// Arguments for a small job market: 8 seekers, 4 positions, by default two rounds.
    static func arguments(_ configuration: String, _ folder: String, rounds: Int = 2) -> [String] {
        [
            "run", configuration, "--llm", "emulator", "--agents", "seeker=8,interviewer=4", "--rounds", "\(rounds)",
            "--run-dir", folder,
        ]
    }

    /// The digest chain of a run.
    func digests(_ run: String) async throws -> String {
        let ending = try await call(["digest", path(run)])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        return ending.output
    }

    /// Ids of the processes that a process has started.
    static func children(of parent: pid_t) -> [pid_t] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { pid_t($0) }.filter { self.parent(of: $0) == parent }
    }

    /// Ids of the processes of one program that a process has started, the oldest first.
    static func children(of parent: pid_t, program: String) -> [pid_t] {
        children(of: parent).sorted().filter { process in
            let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
            return isRunning(process) && command?.prefix { $0 != "\0" }.hasSuffix("/\(program)") == true
        }
    }

    /// Bytes that a process holds in memory; 0 when it has gone.
    static func residentBytes(of process: pid_t) -> Int {
        let pages = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?.split(separator: " ")
        return (pages?.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Whether a process is there, and is no mere entry of one that has ended.
    static func isRunning(_ process: pid_t) -> Bool {
        guard let state = fields(of: process)?.first else { return false }
        return state != "Z" && state != "X"
    }

    private static func parent(of process: pid_t) -> pid_t? {
        fields(of: process)?.dropFirst().first.flatMap { pid_t($0) }
    }

    /// What follows the name in `/proc/PID/stat`.
    private static func fields(of process: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}

/// Waits until a condition holds, and records an issue when it does not within a minute.
func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
    let clock = SystemClock()
    let deadline = clock.now() + .seconds(60)
    while clock.now() < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record(what)
}
