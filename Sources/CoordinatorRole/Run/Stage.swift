import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// The processes of a run as they are started and connected, one after another.
struct Stage: Sendable {
    /// A service that is connected.
    struct Service: Sendable {
        var endpoint: String
        var client: WireClient
    }

    /// The gateways, and what stands behind them.
    struct Services: Sendable {
        var llm: Service
        var embedding: Service?
        var probe: Probe

        /// Endpoints by name.
        var endpoints: [String: String] {
            var endpoints = [ServiceNames.llmGateway: llm.endpoint]
            endpoints[ServiceNames.embeddingGateway] = embedding?.endpoint
            return endpoints
        }
    }

    let starter: ServiceStarter
    let sockets: SocketFolder
    let losses: LossBox
    private let node: TransportNode
    private let introduction: PeerIntroduction
    let incarnation: UInt64
    private let options: RunOptions

    init(_ session: RunSession, _ node: TransportNode, _ sockets: SocketFolder, logs: String) throws {
        self.node = node
        self.sockets = sockets
        options = session.options
        let losses = LossBox()
        self.losses = losses
        var cluster: LocalCluster?
        if sockets.isOurs {
            cluster = try LocalCluster(logs: logs, environment: session.environment) { losses.take($0) }
        }
        if let cluster { session.emergency.take(cluster) }
        starter = ServiceStarter(
            sockets: sockets, cluster: cluster, servesMetrics: !session.metrics.isOff,
            further: options.argumentsOfServices,
            vectorFolder: session.options.vectorFolder(environment: session.environment), host: session.setting.host,
            lease: options.lease)
        // Tells a restart from a lost connection; no result depends on it.
        incarnation = UInt64.random(in: 1...UInt64.max)
        introduction = PeerIntroduction(role: "coordinator", name: "coordinator", incarnation: incarnation)
    }

    /// Connects to a service.
    func connect(_ endpoint: String) throws -> Service {
        Service(endpoint: endpoint, client: WireClient(try node.connect(endpoint, introduction: introduction)))
    }

    /// Binds the coordinator's own socket.
    func listen(_ server: WireServer) throws -> Listener {
        try node.listen(
            sockets.endpoint(ServiceNames.coordinator), options: ListenerOptions(incarnation: incarnation),
            handler: server)
    }

    /// Starts model servers and gateways, and asks what stands behind them. For a run that is there, what it was
    /// started with must be the same.
    func probe(
        _ run: PreparedRun, servers: RunFile.Servers, expecting definition: RunDefinition? = nil
    ) async throws -> Services {
        let models = try await starter.modelServers(servers)
        let wanted = definition?.model ?? options.model ?? run.model
        let llm = try connect(
            try await starter.llmGateway(models, model: wanted, memoryModel: run.memoryModel))
        var embedding: Service?
        if run.needsEmbedding {
            let name = definition?.embeddingModel ?? options.embeddingModel ?? run.embeddingModel
            embedding = try connect(try await starter.embeddingGateway(models, model: name))
        }
        let probe = try await Probe.ask(llm: llm.client, embedding: embedding?.client, wanting: wanted)
        let model = try probe.model()
        if let definition { try Self.check(definition, model: model, probe) }
        return Services(llm: llm, embedding: embedding, probe: probe)
    }

    /// What the recorder holds.
    func state(of recorder: Service, folder: String) async throws -> RunState {
        try await within(.seconds(60), at: folder) {
            try await recorder.client.request(LoadRun(), expecting: RunState.self)
        }
    }

    /// The files of a definition, by path.
    func files(of definition: RunDefinition, _ recorder: Service) async throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for file in definition.files {
            let bytes = try await recorder.client.request(FetchBlob(hash: file.hash), expecting: Blob.self).bytes
            guard blobHash(bytes) == file.hash else {
                throw UserError(
                    "a file of the run is damaged: \(file.path)", at: definition.run,
                    advice: "check the recording by coordinator verify", exitCode: .dataError)
            }
            files[file.path] = bytes
        }
        return files
    }

    /// A run goes on counting tokens as it did, since what fits into a prompt depends on it.
    static func checkCounts(of definition: RunDefinition, _ probe: Probe) throws(UserError) {
        guard !definition.yardsticks.isEmpty else { return }
        let known = definition.yardsticks.map(String.init).joined(separator: ", ")
        for backend in probe.backends where !definition.yardsticks.contains(backend.yardstick) {
            let now = backend.yardstick == 0 ? "counts none" : "counts \(backend.yardstick)"
            throw UserError(
                "the run's servers counted \(known) tokens in the yardstick, and \(backend.engine) serving "
                    + "\(backend.model) \(now)", at: "--llm",
                advice: "resume with servers whose tokenizer is that of the run's", exitCode: .configuration)
        }
    }

    private static func check(_ definition: RunDefinition, model: String, _ probe: Probe) throws(UserError) {
        func refuse(_ what: String, _ place: String) -> UserError {
            UserError(
                what, at: place, advice: "resume with the models that the run was started with",
                exitCode: .configuration)
        }
        guard definition.model == model else {
            throw refuse("the run was played with the model \(definition.model), and this is \(model)", "--llm")
        }
        try checkCounts(of: definition, probe)
        guard let embedding = probe.embedding else { return }
        guard embedding.model == definition.embeddingModel, embedding.dimension == definition.embeddingDimension else {
            throw refuse(
                "the run's vectors are of \(definition.embeddingModel), dimension \(definition.embeddingDimension); "
                    + "this is \(embedding.model), dimension \(embedding.dimension)", "--embedding")
        }
    }
}
