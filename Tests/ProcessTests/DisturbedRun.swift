import Foundation
import Glibc
import Support
import Testing

/// A run that stands still in the middle of a round until it is released, and tells what it has paid.
struct DisturbedRun {
    /// Rounds that it has.
    static let rounds = 2
    /// Answers after which a run is in the middle of its first round.
    private static let middle = 24

    let coordinator: Coordinator
    let name: String
    private(set) var running: Coordinator.Running

    /// Starts it, and returns when something has been answered and much has not.
    /// `playing` says what, where it is not the small job market.
    static func start(
        _ coordinator: Coordinator, _ name: String = "run", hosts: Int = 1, options: [String] = [],
        playing: [String]? = nil
    ) async throws -> DisturbedRun {
        try hold(coordinator, name, at: middle)
        let running = try await coordinator.start(
            (playing
                ?? Coordinator.arguments(
                    coordinator.configuration("job-market"), coordinator.path(name), rounds: rounds))
                + ["--hosts", "\(hosts)", "--quiet", "--emulator-args"]
                + [
                    "--latency 5ms --parallel 2 --served \(served(coordinator, name)) "
                        + "--hold \(held(coordinator, name))"
                ] + options)
        let run = DisturbedRun(coordinator: coordinator, name: name, running: running)
        try await run.answers(middle)
        return run
    }

    /// Process of the coordinator.
    var pid: pid_t { running.child.pid }

    /// Path of the file that holds the emulator's answers back.
    private static func held(_ coordinator: Coordinator, _ name: String) -> String {
        coordinator.path("held-\(name.replacing("/", with: "-"))")
    }

    /// Makes the run stand still when so many answers have been given, and go on until then.
    func hold(at answers: Int) throws { try Self.hold(coordinator, name, at: answers) }

    private static func hold(_ coordinator: Coordinator, _ name: String, at answers: Int) throws {
        try Data("\(answers)".utf8).write(to: URL(fileURLWithPath: held(coordinator, name)), options: .atomic)
    }

    /// Lets the run go on.
    func release() { try? FileManager.default.removeItem(atPath: Self.held(coordinator, name)) }

    /// Path of the file in which the emulator says what it has answered.
    private static func served(_ coordinator: Coordinator, _ name: String) -> String {
        coordinator.path("served-\(name.replacing("/", with: "-"))")
    }

    /// Path of the run's folder.
    var path: String { coordinator.path(name) }

    /// Waits until that many answers were given in all.
    func answers(_ count: Int) async throws {
        try await eventually("\(count) calls are answered") { served.count >= count || running.child.status != nil }
        guard let status = running.child.status else { return }
        Issue.record("the run ended before it could be disturbed: \(status), \(try await running.ending().errors)")
    }

    /// What was asked, once for each time that it was answered: call and hash of the request.
    var served: [String] {
        let lines = (try? String(contentsOfFile: Self.served(coordinator, name), encoding: .utf8)) ?? ""
        return lines.split(separator: "\n").compactMap { line in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let call = object?["call"] as? String, let request = object?["request"] as? String else { return nil }
            return "\(call) \(request)"
        }
    }

    /// How many answers were paid for again.
    var paidAgain: Int {
        let served = served
        return served.count - Set(served).count
    }

    /// The process of a role; of the last of them where there are several.
    func process(_ role: String) async throws -> pid_t {
        if role == "coordinator" { return pid }
        var found: pid_t?
        try await eventually("there is a process \(role)") {
            found = Coordinator.children(of: pid, program: role).last
            return found != nil
        }
        return try #require(found)
    }

    /// Lets the run go on, and waits until the coordinator has left.
    func ending() async throws -> Coordinator.Ending {
        release()
        return try await running.ending()
    }

    /// Goes on with it, without delay at the model.
    func resume() async throws -> Coordinator.Ending {
        try await coordinator.call(
            [
                "run", "--resume", path, "--quiet", "--emulator-args",
                "--latency 0 --served \(Self.served(coordinator, name))",
            ])
    }

    /// The oracle: the digests are those of a run that nobody disturbed, and the recording is in order.
    func isAsIfUndisturbed() async throws {
        let digests = try await coordinator.digests(name)
        #expect(try await digests == Self.undisturbed.value)
        let ending = try await coordinator.call(["verify", path])
        #expect(ending.status == .exited(0), "\(ending.errors)")
    }

    /// The digests of the same run that nobody disturbed.
    private static let undisturbed = Task {
        let coordinator = try Coordinator()
        let ending = try await coordinator.play("whole", ["--quiet"], rounds: rounds)
        #expect(ending.status == .exited(0), "\(ending.errors)")
        return try await coordinator.digests("whole")
    }
}
