import ClusterLogic
import Foundation
import MetricsServer
import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// One `coordinator run`, from its checks to its summary.
struct RunSession: Sendable {
    let options: RunOptions
    let context: ServiceContext
    let environment: [String: String]
    /// Where metrics are served.
    let metrics: MetricsPlan
    /// What a second signal takes down on the spot.
    let emergency: Emergency
    /// Which scenarios there are, and what plays their turns.
    let setting: ProgramSetting

    /// Where metrics find the run.
    let desk = RunDesk()

    /// Runs it; throws what keeps it from playing, or how it ended if not by its last round.
    func run() async throws {
        let start = context.clock.now()
        let sockets =
            try options.sockets.map { path throws(UserError) in try SocketFolder.existing(path) }
            ?? SocketFolder.make(environment: environment)
        emergency.take(sockets)
        defer { sockets.remove() }
        let node = try TransportNode(name: "coordinator.net", clock: context.clock)
        defer { node.close() }
        let plan = sockets.isOurs ? metrics.writing(to: sockets.metricsFile(ServiceNames.coordinator)) : metrics
        let told = try await plan.serve(RunMetrics.source(desk), context)
        do {
            if let folder = options.resume {
                try await resume(try RunFolder.ofExistingRun(folder), node, sockets, start)
            } else {
                try await begin(node, sockets, start)
            }
        } catch {
            await takeDown()
            await told?.stop()
            throw error is CancellationError ? Self.interrupted : error
        }
        await takeDown()
        await told?.stop()
    }

    /// How the person called us: advice that can be copied to the same shell.
    private static var program: String { CommandLine.arguments.first ?? "coordinator" }

    /// A signal came before anything was played.
    private static let interrupted = UserError("stopped before anything was played", exitCode: .interrupted)

    // MARK: A new run

    private func begin(_ node: TransportNode, _ sockets: SocketFolder, _ start: Instant) async throws {
        let run = try PreparedRun.load(options, setting.registry)
        let folder = try RunFolder.forNewRun(
            options.runDir ?? RunFolder.defaultPath(run: run.name), isShared: options.sockets != nil)
        try checkEmbedding(run)
        let estimate = CostEstimate(run, rounds: run.rounds)
        try folder.checkSpace(expected: estimate.recordingBytes)
        if options.dryRun {
            let stage = try Stage(self, node, sockets, logs: sockets.file("logs"))
            _ = try await untilStop {
                try await stage.probe(run, servers: options.servers(before: nil))
            }
            StandardOutput.write(estimate.text(run, rounds: run.rounds))
            return
        }
        let lock = try folder.open()
        defer { withExtendedLifetime(lock) {} }
        let servers = options.servers(before: nil)
        let (parts, writer, definition): (Parts, RunWriter, RunDefinition)
        do {
            (parts, writer, definition) = try await create(run, node, sockets, folder, servers)
        } catch {
            // A recorder that is still starting would make its file again behind our back.
            await takeDown()
            folder.discard()
            throw error
        }
        try await untilStop { try await writer.recordAgents(run) }
        let state = RunState(
            run: run.name, definition: definition.packed(), epoch: 0, closedRound: 0, openRound: nil, merged: false,
            rounds: run.rounds)
        try await play(run, state, rounds: run.rounds, parts, folder, servers, scope: nil, start)
    }

    /// Starts what the run needs and writes down all that is fixed; the run exists once this has returned.
    private func create(
        _ run: PreparedRun, _ node: TransportNode, _ sockets: SocketFolder, _ folder: RunFolder,
        _ servers: RunFile.Servers
    ) async throws -> (Parts, RunWriter, RunDefinition) {
        let stage = try Stage(self, node, sockets, logs: folder.logs)
        let logger = context.logger
        return try await untilStop {
            let services = try await stage.probe(run, servers: servers)
            let recorder = try await stage.connect(
                stage.starter.recorder(folder: options.noRecording ? nil : folder.path))
            let writer = RunWriter(recorder: recorder.client, embedding: services.embedding?.client)
            let definition = try await writer.create(run, probe: services.probe)
            if run.countsTokens, definition.yardsticks.isEmpty {
                logger.warning(
                    "budgets of prompts are kept by an estimate of three bytes a token",
                    metadata: ["counting no tokens": "\(services.probe.uncounting.joined(separator: "; "))"])
            }
            return (Parts(stage: stage, services: services, recorder: recorder), writer, definition)
        }
    }

    /// Vectors come from a server that somebody names, or that comes along with the chat model.
    private func checkEmbedding(_ run: PreparedRun) throws(UserError) {
        let servers = options.servers(before: nil)
        let comesAlong = servers.llm == [RunOptions.emulator] || servers.localModels != nil || options.sockets != nil
        guard run.needsEmbedding, servers.embedding == nil, !comesAlong else { return }
        throw UserError(
            "the run needs vectors, for memories or for what agents look at", at: "--embedding",
            advice: "give --embedding URL, or leave out long-term memory", exitCode: .usage)
    }

    // MARK: A run that is there

    private func resume(
        _ folder: RunFolder, _ node: TransportNode, _ sockets: SocketFolder, _ start: Instant
    ) async throws {
        try folder.checkFileSystem()
        let lock = try folder.open()
        defer { withExtendedLifetime(lock) {} }
        let before = try RunFile.read(from: folder.path)
        if let before, !before.isAlive { SocketFolder.removeAbandoned(before.sockets) }
        let servers = options.servers(before: before?.servers)
        guard options.sockets != nil || !servers.llm.isEmpty || servers.localModels != nil else {
            throw UserError(
                "it is not known which model servers the run had", at: folder.path,
                advice: "give --llm URL and --embedding URL", exitCode: .usage)
        }
        let stage = try Stage(self, node, sockets, logs: folder.logs)
        let (run, state, parts, rounds) = try await untilStop {
            let recorder = try await stage.connect(stage.starter.recorder(folder: folder.path))
            let state = try await stage.state(of: recorder, folder: folder.path)
            let definition = try RunDefinition(packed: state.definition)
            try Self.check(definition, folder: folder.path)
            let run = try PreparedRun.load(
                definition, files: try await stage.files(of: definition, recorder), setting.registry)
            let rounds = options.rounds ?? state.rounds
            try Self.check(rounds: rounds, state, folder: folder.path)
            let services = try await stage.probe(
                run, servers: servers, expecting: definition)
            if state.closedRound == 0 && state.openRound == nil {
                try await RunWriter(recorder: recorder.client, embedding: nil).recordAgents(run)
            }
            return (run, state, Parts(stage: stage, services: services, recorder: recorder), rounds)
        }
        try await play(run, state, rounds: rounds, parts, folder, servers, scope: before?.scope, start)
    }

    /// A run is played by the version that started it.
    private static func check(_ definition: RunDefinition, folder: String) throws(UserError) {
        guard definition.programVersion == ProgramVersion.current else {
            throw UserError(
                "the run was started by version \(definition.programVersion), and this is \(ProgramVersion.current)",
                at: folder, advice: "resume it with the version that started it", exitCode: .configuration)
        }
    }

    private static func check(rounds: UInt32, _ state: RunState, folder: String) throws(UserError) {
        let begun = max(state.closedRound, state.openRound ?? 0)
        guard rounds >= begun else {
            throw UserError(
                "round \(begun) has begun, so the run cannot have \(rounds) rounds", at: "--rounds",
                advice: "give the new total, at least \(begun)", exitCode: .usage)
        }
        guard rounds > state.closedRound else {
            throw UserError(
                "all \(state.closedRound) rounds of the run are played", at: folder,
                advice: "extend it by --rounds N, the new total", exitCode: .usage)
        }
    }

    // MARK: Playing

    private struct Parts: Sendable {
        var stage: Stage
        var services: Stage.Services
        var recorder: Stage.Service
    }

    private func play(
        _ run: PreparedRun, _ state: RunState, rounds: UInt32, _ parts: Parts, _ folder: RunFolder,
        _ servers: RunFile.Servers, scope: String?, _ start: Instant
    ) async throws {
        let hosts = options.hosts ?? 1
        let epoch = state.epoch + 1
        let recorder = parts.recorder.client
        let driver = RunDriver()
        let post = driver.post
        parts.stage.losses.forward { post.yield(.childLost($0)) }
        let stage = parts.stage
        let listener = try stage.listen(driver.server())
        defer { listener.close() }
        let scope = scope ?? RunCalls.scope(of: run.name, incarnation: stage.incarnation)
        let calls = RunCalls(scope: scope, gateway: parts.services.llm.client)
        if !stage.sockets.isOurs { emergency.take(calls) }
        var file = RunFile(
            run: run.name, version: ProgramVersion.current, pid: getpid(), hosts: hosts, sockets: stage.sockets.path,
            endpoints: parts.services.endpoints.merging(
                [ServiceNames.coordinator: listener.endpoint, ServiceNames.recorder: parts.recorder.endpoint]) { $1 },
            servers: servers, scope: scope)
        try await untilStop {
            _ = try await recorder.request(
                RaiseEpoch(epoch: epoch, rounds: rounds, owner: stage.incarnation), expecting: Acknowledged.self)
        }
        try file.write(to: folder.path)
        var isDeposed = false
        defer {
            file.pid = nil
            // The run is over either way: what keeps this note from being written does not change how it ended.
            if !isDeposed { try? file.write(to: folder.path) }
        }
        try context.announceReady(endpoint: listener.endpoint)
        try await stage.starter.hosts(hosts, coordinator: listener.endpoint)
        desk.open(driver)
        defer { desk.close() }
        context.stop.onRequest { _ in driver.post.yield(.event(.stopRequested)) }
        let result = await driver.run(
            plan: RunPlan(
                hosts: hosts, partitions: run.partitions, rounds: rounds, runEpoch: epoch,
                secondsPerRound: run.secondsPerRound, hasEnvironment: run.scenario.hasEnvironmentTurn,
                interventions: Set(run.interventions.compactMap(\.round)),
                toleratedFailures: run.toleratedFailures, closedRound: state.closedRound, openRound: state.openRound,
                merged: state.merged),
            owner: stage.incarnation,
            welcome: HostAccepted(
                host: 0, run: run.name, runEpoch: epoch, definition: blobHash(state.definition),
                recorder: parts.recorder.endpoint, llmGateway: parts.services.llm.endpoint,
                embeddingGateway: parts.services.embedding?.endpoint ?? "", leaseMilliseconds: options.lease * 1000,
                scope: scope),
            recorder: recorder, listener: listener, clock: context.clock, logger: context.logger,
            printer: ProgressPrinter(style: ProgressStyle.current(quiet: options.quiet)),
            check: { intervention, place in
                try intervention.check(
                    population: run.population, types: run.scenario.agentTypes, relations: run.relations, at: place)
            })
        // Calls of the run are those of whoever plays it now.
        isDeposed = result.isDeposed
        if !isDeposed { await calls.giveUp() }
        let countsTokens = try !RunDefinition(packed: state.definition).yardsticks.isEmpty
        try await report(run, result, rounds: rounds, countsTokens, recorder, folder, start)
    }

    private func report(
        _ run: PreparedRun, _ result: RunDriver.Result, rounds: UInt32, _ countsTokens: Bool, _ recorder: WireClient,
        _ folder: RunFolder, _ start: Instant
    ) async throws {
        // Without the recorder there is nothing to sum up; then the reason is all there is to say.
        var summary: RunSummary?
        if !result.recorderIsLost {
            summary = try? await within(.seconds(60), at: ServiceNames.recorder) {
                try await recorder.request(Summarize(), expecting: RunSummary.self)
            }
        }
        if let summary {
            // Claims are events of the merge: a scenario hears of them under names of their own.
            let claims = summary.counters.filter { $0.name.hasPrefix("claims_") }
            let events = Dictionary((summary.events + claims).map { ($0.name, $0.count) }) { first, _ in first }
            let report = RunReport(
                run: run.name, folder: folder.path, state: result.outcome.word, closedRounds: result.closedRound,
                rounds: rounds, seconds: context.clock.now().since(start).seconds, summary: summary,
                program: Self.program, isRecorded: !options.noRecording, countsTokens: countsTokens,
                scenarioLines: run.scenario.summary(of: events) + Quotes.lines(run.scenario, folder.recording))
            StandardOutput.write(options.json ? try report.json() + "\n" : report.text())
        }
        let advice = result.advice(program: Self.program, folder: folder.path)
        switch result.outcome {
        case .finished: return
        case .stopped:
            throw UserError("stopped; nothing that committed is lost", advice: advice, exitCode: .interrupted)
        case .failed(let reason):
            throw UserError(reason, advice: advice, exitCode: result.problem?.exitCode ?? .temporaryFailure)
        }
    }

    private func takeDown() async {
        guard let cluster = emergency.cluster else { return }
        await cluster.takeDown()
    }

    /// Runs a part that a signal may cut off without harm.
    private func untilStop<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        let task = Task { try await work() }
        context.stop.onRequest { _ in task.cancel() }
        do {
            return try await task.value
        } catch let problem as Problem {
            throw problem.userError(at: "")
        }
    }
}

extension RunOutcome {
    /// The word for it in reports.
    var word: String {
        switch self {
        case .finished: "finished"
        case .stopped: "stopped"
        case .failed: "failed"
        }
    }
}
