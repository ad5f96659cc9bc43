import Foundation
import Hashing
import Model
import Recording
import ServiceRuntime
import Support
import TestKit
import Testing
import Transport
import Wire

/// The recorder as a process under `strace`, which lets a sync of the disk fail or kills the process in it.
private struct FaultyRecorder {
    static let strace = "/usr/bin/strace"

    let folder: TemporaryFolder
    let child: ManagedChild
    let client: WireClient
    private let node: TransportNode

    /// `fault` is what strace injects into `fdatasync`, by which SQLite and the mark reach the disk.
    init(fault: String) async throws {
        folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.path)/socket"
        let binaries = try ProgramPath.ownFolder(environment: [:])
        let errors = open("\(folder.path)/errors", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(errors) }
        child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: "recorder", executable: Self.strace,
                arguments: [
                    "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:\(fault)",
                    "\(binaries)/recorder", "--listen", endpoint, "--store", "\(folder.path)/recording.sqlite",
                ], environment: ["PATH=/usr/bin:/bin", "TMPDIR=\(folder.path)"], standardError: errors,
                killedWithParent: true))
        node = try TransportNode()
        client = WireClient(
            try node.connect(
                endpoint, introduction: PeerIntroduction(role: "test", name: "test", incarnation: 1)))
    }

    /// What it wrote to standard error.
    var errors: String { (try? String(contentsOfFile: "\(folder.path)/errors", encoding: .utf8)) ?? "" }

    func hangUp() { node.close() }
}

@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: FaultyRecorder.strace),
        "strace is not installed: no sync of the disk can be made to fail"))
struct RecorderProcessTests {
    private static let agent = AgentRow(
        agent: AgentID(number: 0), id: "a", type: "seeker", partition: 0, profile: "{}")
    private static let root = TurnID.root(round: 1, kind: .act, agent: "a")

    private static func outcome(_ number: UInt32) -> OutcomeRecord {
        let spec = CompletionSpec(
            kind: .text, model: "", messages: [PromptMessage(role: .user, segments: ["question \(number)"])],
            constraint: .free, sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 4))
        let outcome = CompletionOutcome(
            answer: "answer \(number)", rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
        return OutcomeRecord(
            call: CallID(turn: root, number: number), root: root, partition: 0, round: 1, agent: agent.agent,
            request: spec.requestHash, content: .completion(spec, outcome))
    }

    /// Opens a round and records outcomes one by one until the recorder does not acknowledge any more. Gives what it
    /// acknowledged, and the problem that ended it where it told one.
    private func play(_ client: WireClient) async -> (acknowledged: [OutcomeRecord], problem: Problem?) {
        let definition = RunDefinition(
            run: "r", seed: 1, partitions: 1, programVersion: "1", configuration: "", files: [], models: [],
            model: "", contextTokens: 0, embeddingModel: "", embeddingDimension: 0)
        let leases = [UInt32(0), 1].map { Lease(partition: $0, epoch: 1, host: 0) }
        var acknowledged: [OutcomeRecord] = []
        do {
            for message in [
                CreateRun(run: "r", definition: definition.packed()), RaiseEpoch(epoch: 1, rounds: 1, owner: 1),
                RecordAgents(agents: [Self.agent]), GrantPartitions(runEpoch: 1, leases: leases),
                OpenRound(runEpoch: 1, round: 1, time: 0),
            ] as [any WireMessage] { try await send(message, client) }
            for number in UInt32(0)..<200 {
                try await send(RecordOutcomes(outcomes: [Self.outcome(number)]), client)
                acknowledged.append(Self.outcome(number))
            }
        } catch {
            return (acknowledged, error as? Problem)
        }
        return (acknowledged, nil)
    }

    private func send(_ message: some WireMessage, _ client: WireClient) async throws {
        _ = try await client.request(message, expecting: Acknowledged.self)
    }

    /// Everything acknowledged is readable, and the run goes on.
    private func checkNothingIsLost(_ path: String, _ acknowledged: [OutcomeRecord]) throws {
        let store = try SQLiteRecordStore(.file(path), wallClock: { 0 })
        #expect(store.openingNote == nil)
        if !acknowledged.isEmpty {
            let found = try store.outcomes(0, epoch: 1, round: 1, root: nil, cursor: 0).outcomes
            #expect(acknowledged.allSatisfy { found.contains($0) })
            _ = try store.append([.outcomes([Self.outcome(999)])]).map { try $0.get() }
        }
        try store.close()
        #expect(try RecordingReader(path: path).verify().violation == nil)
    }

    @Test func aSyncThatFailsIsToldToTheClientAndInTheExitCode() async throws {
        let recorder = try await FaultyRecorder(fault: "error=EIO:when=20+")
        let (acknowledged, problem) = await play(recorder.client)
        #expect(problem?.code == .storage, "\(recorder.errors)")
        #expect(problem?.advice.contains("disk") == true)
        #expect(await recorder.child.exit() == .exited(ProcessExitCode.ioError.rawValue))
        recorder.hangUp()
        #expect(!acknowledged.isEmpty)
        #expect(recorder.errors.contains("recorder: "))
        try checkNothingIsLost("\(recorder.folder.path)/recording.sqlite", acknowledged)
    }

    @Test(arguments: [9, 14, 23])
    func aKillBetweenWriteAndSyncLosesNothing(_ sync: Int) async throws {
        let recorder = try await FaultyRecorder(fault: "signal=KILL:when=\(sync)")
        let child = recorder.child
        // The client waits for a recorder that comes back: it is let go when this one is gone.
        let playing = Task { await play(recorder.client) }
        _ = await child.exit()
        recorder.hangUp()
        let (acknowledged, _) = await playing.value
        try checkNothingIsLost("\(recorder.folder.path)/recording.sqlite", acknowledged)
    }
}
