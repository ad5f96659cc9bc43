import Foundation
import Glibc
import ServiceRuntime
import Support
import TestKit
import Testing

@testable import CoordinatorRole

@Suite struct LocalClusterTests {
    private func shell(_ name: String, _ script: String, key: String? = nil) -> LocalCluster.Program {
        LocalCluster.Program(
            name: name, executable: "/bin/sh", arguments: ["-c", script, "sh"], key: key)
    }

    private func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
        let clock = SystemClock()
        let deadline = clock.now() + .seconds(60)
        while clock.now() < deadline {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
    }

    private let environment = ["PATH": "/usr/bin:/bin", "GENSIM_LLM_KEY": "secret"]

    @Test func aProcessThatDiesIsReportedWithTheEndOfItsLog() async throws {
        let folder = try TemporaryFolder()
        let (losses, post) = AsyncStream.makeStream(of: LocalCluster.Loss.self)
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { post.yield($0) }
        _ = try await cluster.start(shell("recorder", "echo first; echo no room left >&2; exit 74"))
        var iterator = losses.makeAsyncIterator()
        let loss = try #require(await iterator.next())
        #expect(loss.name == "recorder")
        #expect(loss.explanation.contains("ended with exit code 74"))
        #expect(loss.explanation.contains("first | no room left"))
    }

    @Test func aServingProcessThatDiesIsStartedAgainWithItsAmendedArgumentsAndANewReadyFile() async throws {
        let folder = try TemporaryFolder()
        let (losses, post) = AsyncStream.makeStream(of: LocalCluster.Loss.self)
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { post.yield($0) }
        let file = "\(folder.path)/ready"
        func serving(as name: String) -> [String] {
            ["-c", "printf \(name) > \(file).new; mv \(file).new \(file); exec sleep 600", "sh"]
        }
        var program = shell("service", "")
        program.arguments = serving(as: "first")
        program.readyFile = file
        let child = try await cluster.start(program)
        #expect(try await cluster.ready(child, file: file, limit: .seconds(60)) == "first")
        cluster.amend("service", arguments: serving(as: "second"))
        child.signal(SIGKILL)
        var iterator = losses.makeAsyncIterator()
        let loss = try #require(await iterator.next())
        #expect(loss.isRestarted)
        #expect(loss.explanation.contains("was ended by signal 9"))
        try await eventually("the second start serves") {
            (try? String(contentsOfFile: file, encoding: .utf8)) == "second"
        }
        await cluster.takeDown()
    }

    /// By this clock every process dies at once, however busy the machine is.
    private struct StandingClock: MonotonicClock {
        func now() -> Instant { Instant(nanoseconds: 0) }
    }

    /// Trap logs as six lives of a process leave them that trap in code of a turn, as `trap_log.h` lays them out.
    private func leaveTraps(in folder: TemporaryFolder) throws {
        var bytes = Data("GSTRAPLG".utf8) + Data(count: 64 - 8 + 1024 * 24)
        // Version, 1024 seats, signal; the first seat is taken in round 1.
        for (place, byte) in [(8, 1), (13, 4), (16, UInt8(SIGILL)), (64, 1), (68, 1)] { bytes[place] = byte }
        for life in 1...6 as ClosedRange<UInt8> {
            bytes[24] = life
            try bytes.write(to: URL(fileURLWithPath: "\(folder.path)/left.\(life)"))
        }
    }

    @Test func aProcessIsGivenUpForTrapsForWhichItBlamesNoTurnAlone() async throws {
        let folder = try TemporaryFolder()
        try leaveTraps(in: folder)
        let (losses, post) = AsyncStream.makeStream(of: LocalCluster.Loss.self)
        let cluster = try LocalCluster(
            logs: folder.path, environment: environment, clock: StandingClock()
        ) { post.yield($0) }
        // From the seventh life on the file of the sixth lies there, which blames turns for that one's end alone.
        var program = shell(
            "agent-host-1",
            """
            cd \(folder.path); read life < lives; echo $((life + 1)) > lives
            if test -e left.$life; then cp left.$life traps; fi
            kill -ILL $$
            """)
        program.trapLog = "\(folder.path)/traps"
        try "1\n".write(toFile: "\(folder.path)/lives", atomically: true, encoding: .utf8)
        _ = try await cluster.start(program)
        var iterator = losses.makeAsyncIterator()
        for life in 1..<6 + RestartPolicy.mostYoungDeaths {
            let loss = try #require(await iterator.next())
            #expect(loss.isRestarted, "life \(life): \(loss.explanation)")
        }
        let last = try #require(await iterator.next())
        #expect(!last.isRestarted)
        #expect(last.explanation.contains("it died 5 times within 2 seconds"))
    }

    /// The folder of logs is away from when a process dies: without a log it is not started.
    @Test(arguments: [false, true])
    func aProcessThatCannotBeStartedAgainIsTriedAFewTimes(comesBack: Bool) async throws {
        let folder = try TemporaryFolder()
        let (logs, away) = ("\(folder.path)/logs", "\(folder.path)/away")
        let (losses, post) = AsyncStream.makeStream(of: LocalCluster.Loss.self)
        let cluster = try LocalCluster(logs: logs, environment: environment) { post.yield($0) }
        let file = "\(folder.path)/ready"
        func serving(as name: String) -> LocalCluster.Program {
            shell("service", "printf \(name) > \(file).new; mv \(file).new \(file); exec sleep 600")
        }
        var program = serving(as: "first")
        program.readyFile = file
        let child = try await cluster.start(program)
        _ = try await cluster.ready(child, file: file, limit: .seconds(60))
        try FileManager.default.moveItem(atPath: logs, toPath: away)
        child.signal(SIGKILL)
        var iterator = losses.makeAsyncIterator()
        let loss = try #require(await iterator.next())
        #expect(loss.isRestarted)
        if comesBack {
            // Its ready file is the first that goes when it is tried again.
            try await eventually("it is tried again") { !FileManager.default.fileExists(atPath: file) }
            cluster.amend("service", arguments: serving(as: "second").arguments)
            try FileManager.default.moveItem(atPath: away, toPath: logs)
            try await eventually("it serves again") { FileManager.default.fileExists(atPath: file) }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "second")
        } else {
            let last = try #require(await iterator.next())
            #expect(!last.isRestarted)
            #expect(last.explanation.hasPrefix("service cannot be started again: "))
            #expect(last.explanation.contains("the log cannot be written"))
            #expect(last.explanation.hasSuffix("; it could not be started \(RestartPolicy.mostYoungDeaths) times"))
        }
        await cluster.takeDown()
    }

    @Test func aProcessThatKeepsDyingIsGivenUpWithTheReason() async throws {
        let folder = try TemporaryFolder()
        let (losses, post) = AsyncStream.makeStream(of: LocalCluster.Loss.self)
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { post.yield($0) }
        _ = try await cluster.start(shell("agent-host-1", "echo out of luck; exit 70"))
        var seen: [LocalCluster.Loss] = []
        for await loss in losses {
            seen.append(loss)
            if !loss.isRestarted { break }
        }
        #expect(seen.count == RestartPolicy.mostYoungDeaths)
        let last = try #require(seen.last)
        #expect(last.explanation.contains("out of luck"))
        #expect(last.explanation.contains("it died 5 times"))
    }

    @Test func takingDownEndsEveryoneAndIsNoLoss() async throws {
        let folder = try TemporaryFolder()
        let losses = Guarded(0)
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { _ in losses.withLock { $0 += 1 } }
        let host = try await cluster.start(shell("agent-host-1", "sleep 600"))
        let gateway = try await cluster.start(shell("llm-gateway", "sleep 600"))
        await cluster.takeDown()
        #expect(host.status != nil && gateway.status != nil)
        #expect(losses.withLock { $0 } == 0)
    }

    @Test func aProcessIsReadyOnceItsFileIsThere() async throws {
        let folder = try TemporaryFolder()
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { _ in }
        let file = "\(folder.path)/ready"
        let child = try await cluster.start(
            shell("service", "printf ipc://x > \(file).new; mv \(file).new \(file); sleep 600"))
        #expect(try await cluster.ready(child, file: file, limit: .seconds(60)) == "ipc://x")
        await cluster.takeDown()
    }

    @Test func aProcessThatEndsBeforeItIsReadyIsAnError() async throws {
        let folder = try TemporaryFolder()
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { _ in }
        let child = try await cluster.start(shell("service", "echo the port is taken; exit 71"))
        let error = await #expect(throws: UserError.self) {
            try await cluster.ready(child, file: "\(folder.path)/ready", limit: .seconds(60))
        }
        #expect(error?.what.contains("the port is taken") == true)
    }

    @Test func aKeyReachesTheGatewayThatNeedsItAlone() async throws {
        let folder = try TemporaryFolder()
        let cluster = try LocalCluster(logs: folder.path, environment: environment) { _ in }
        _ = await (try cluster.start(shell("gateway", "echo \"<$GENSIM_LLM_KEY>\"", key: "GENSIM_LLM_KEY"))).exit()
        let other = shell("other", "echo \"<$GENSIM_LLM_KEY>\"", key: "GENSIM_EMBEDDING_KEY")
        _ = await (try cluster.start(other)).exit()
        _ = await (try cluster.start(shell("host", "echo \"<$GENSIM_LLM_KEY>\""))).exit()
        #expect(LogTail.lines(of: cluster.log(of: "gateway"), count: 1) == ["<secret>"])
        #expect(LogTail.lines(of: cluster.log(of: "other"), count: 1) == ["<>"])
        #expect(LogTail.lines(of: cluster.log(of: "host"), count: 1) == ["<>"])
    }

    @Test func aFreePortIsANumberAndNobodyAnswersThere() throws {
        let port = try LocalPort.free()
        #expect(port > 0)
        #expect(LocalPort.status(port: port, path: "/health") == nil)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\n", 200), ("HTTP/1.0 503 Loading", 503), ("", nil), ("SSH-2.0 200", nil),
            ("HTTP/1.1 abc", nil),
        ] as [(String, Int?)])
    func aStatusLineIsReadWithCare(line: String, status: Int?) { #expect(LocalPort.statusCode(line) == status) }
}
