import Foundation
import Model
import Recording
import Replay
import ServiceRuntime
import SimulationKit
import Support
import Transport
import Wire

/// One interview, from the recording to the answer.
struct InterviewSession: Sendable {
    let options: InterviewOptions
    let context: ServiceContext
    let environment: [String: String]
    /// Scenarios by name.
    let registry: ScenarioRegistry
    /// What a second signal takes down on the spot.
    let emergency: Emergency

    /// Gateways that can be asked.
    private struct Gateways: Sendable {
        var llm: WireClient
        var embedding: WireClient?
    }

    /// Asks, and says what was answered.
    func run() async throws {
        let folder = try RunFolder.ofExistingRun(options.runDir)
        let past = try past(folder)
        let node = try TransportNode(name: "interview.net", clock: context.clock)
        defer { node.close() }
        do {
            let report = try await report(past, folder, node)
            await takeDown()
            if let out = options.out { try AtomicFile.write(Array(report.json().utf8), to: out) }
            var shown = report
            if !options.showPrompt { shown.prompt = nil }
            StandardOutput.write(options.json ? try shown.json() : shown.text())
        } catch {
            await takeDown()
            if let problem = error as? Problem { throw problem.userError(at: options.runDir) }
            throw error
        }
    }

    private func past(_ folder: RunFolder) throws -> PastAgent {
        let reader = try RecordingReader(path: folder.recording)
        defer { try? reader.close() }
        return try PastAgent(
            reader, registry: registry, version: ProgramVersion.current, agent: options.agent, round: options.round)
    }

    private func report(_ past: PastAgent, _ folder: RunFolder, _ node: TransportNode) async throws -> InterviewReport {
        let gateways = try await gateways(past, folder, node)
        let wanted = options.model ?? past.definition.model
        let probe = try await Probe.ask(llm: gateways.llm, embedding: gateways.embedding, wanting: wanted)
        let model = try probe.model()
        if let found = probe.embedding { try check(found, past) }
        // Tells one interview from another; no result depends on it.
        let scope = "interview#\(String(UInt64.random(in: 1 ... .max), radix: 16))"
        let performer = InterviewPerformer(
            scope: scope, seed: past.assets.seed, model: model, countsTokens: !probe.yardsticks.isEmpty,
            vectors: past.vectors, llm: gateways.llm, embedding: gateways.embedding)
        let answer = try await past.answer(options.question, performer: performer)
        let asked = performer.asked
        return InterviewReport(
            run: past.definition.run, agent: options.agent, round: past.round,
            model: asked.model.isEmpty ? model : asked.model, question: options.question, answer: answer,
            prompt: asked.messages.map { InterviewReport.Message($0) })
    }

    /// Memories were embedded by one model; a question embedded by another is near to nothing.
    private func check(_ found: EmbeddingDescribed, _ past: PastAgent) throws(UserError) {
        guard found.model == past.definition.embeddingModel, found.dimension == past.definition.embeddingDimension
        else {
            throw UserError(
                "the agent's memories are searched by \(past.definition.embeddingModel), and this is \(found.model)",
                at: "--embedding", advice: "name a server of the run's embedding model", exitCode: .configuration)
        }
    }

    /// The gateways of the run while it is played; else our own, with the run's model servers or those that were named.
    private func gateways(_ past: PastAgent, _ folder: RunFolder, _ node: TransportNode) async throws -> Gateways {
        // Tells a restart from a lost connection; no result depends on it.
        let introduction = PeerIntroduction(
            role: "interview", name: "interview-\(getpid())", incarnation: .random(in: 1 ... .max))
        func connect(_ endpoint: String) throws -> WireClient {
            WireClient(try node.connect(endpoint, introduction: introduction))
        }
        let file = try RunFile.read(from: folder.path)
        if let file, file.isAlive, options.llm.isEmpty, options.embedding == nil,
            let llm = file.endpoints[ServiceNames.llmGateway]
        {
            let embedding = past.needsEmbedding ? file.endpoints[ServiceNames.embeddingGateway] : nil
            return Gateways(llm: try connect(llm), embedding: try embedding.map(connect))
        }
        let starter = try starter(folder)
        let models = try await starter.modelServers(try servers(file?.servers))
        let wanted = options.model ?? past.definition.model
        let llm = try await starter.llmGateway(models, model: wanted.isEmpty ? nil : wanted, memoryModel: nil)
        guard past.needsEmbedding else { return Gateways(llm: try connect(llm)) }
        let embedding = try await starter.embeddingGateway(models, model: past.definition.embeddingModel)
        return Gateways(llm: try connect(llm), embedding: try connect(embedding))
    }

    private func servers(_ before: RunFile.Servers?) throws(UserError) -> RunFile.Servers {
        var servers = before ?? RunFile.Servers()
        if !options.llm.isEmpty {
            // A key was given for the servers of then: other servers never get it.
            servers = RunFile.Servers(
                llm: options.llm, embedding: options.llm == [RunOptions.emulator] ? nil : servers.embedding)
        }
        if let embedding = options.embedding { servers.embedding = embedding }
        if let keyFile = options.llmKeyFile { servers.keyFile = FilePaths.absolute(keyFile) }
        guard !servers.llm.isEmpty || servers.localModels != nil else {
            throw UserError(
                "it is not known which model servers the run had", at: options.runDir, advice: "give --llm URL",
                exitCode: .usage)
        }
        return servers
    }

    /// Starts processes that are gone with the interview, with their logs.
    private func starter(_ folder: RunFolder) throws -> ServiceStarter {
        let sockets = try SocketFolder.make(environment: environment)
        emergency.take(sockets)
        let cluster = try LocalCluster(logs: sockets.file("logs"), environment: environment) { _ in }
        emergency.take(cluster)
        return ServiceStarter(
            sockets: sockets, cluster: cluster, servesMetrics: false, further: [:], vectorFolder: nil,
            host: nil, lease: 6)
    }

    /// Ends what was started for the interview.
    private func takeDown() async {
        await emergency.cluster?.takeDown()
        emergency.sockets?.remove()
    }
}
