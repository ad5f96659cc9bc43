import Foundation
import ServiceRuntime
import Support

/// Starts the processes of a run, or finds those that somebody else started.
struct ServiceStarter: Sendable {
    let sockets: SocketFolder
    /// Nil where the processes were started by somebody else.
    let cluster: LocalCluster?
    /// Whether the services serve metrics, unless their further arguments say otherwise.
    let servesMetrics: Bool
    /// Further arguments of services, by name.
    let further: [String: [String]]
    /// Where vectors are kept for the next run; nil for nowhere.
    let vectorFolder: String?

    /// What is started as agent-hosts; nil for ours.
    let host: ProgramSetting.HostProgram?
    /// The hosts' lease in seconds: so long a partition's heir may take to ask for what is in flight.
    let lease: UInt32

    private static let startLimit = Span.seconds(60)
    /// Seconds that the llm-gateway keeps a call of a vanished host beyond the lease.
    private static let orphanGrace: UInt32 = 24

    /// Where the model servers listen, and how their models are called.
    struct ModelServers: Sendable {
        var llm: [String] = []
        var model: String?
        var embedding: String?
        var embeddingModel: String?
        var keyFile: String?
        var embeddingKeyFile: String?
    }

    /// Starts the model servers that the run brings along.
    func modelServers(_ servers: RunFile.Servers) async throws -> ModelServers {
        guard let cluster else { return ModelServers() }
        if let folder = servers.localModels {
            let models = try LocalModels(folder: folder)
            let key = sockets.file("model-servers.key")
            try LocalModels.writeKey(to: key)
            let (chat, embedding) = try await models.start(in: cluster, keyFile: key)
            return ModelServers(
                llm: [chat.url], model: chat.model, embedding: embedding.url, embeddingModel: embedding.model,
                keyFile: key, embeddingKeyFile: key)
        }
        var result = ModelServers(llm: servers.llm, embedding: servers.embedding, keyFile: servers.keyFile)
        guard servers.llm == [RunOptions.emulator] || servers.embedding == RunOptions.emulator else { return result }
        let url = try await emulator(cluster, servers.emulatorArguments)
        if servers.llm == [RunOptions.emulator] { result.llm = [url] }
        if servers.embedding == nil || servers.embedding == RunOptions.emulator { result.embedding = url }
        return result
    }

    /// Starts the llm-gateway and returns its endpoint.
    func llmGateway(_ servers: ModelServers, model: String?, memoryModel: String?) async throws -> String {
        var arguments = servers.llm.flatMap { ["--llm", $0] }
        let model = servers.model ?? model
        if let model { arguments += ["--model", model] }
        if let memoryModel, memoryModel != model { arguments += ["--model", memoryModel] }
        if let file = servers.keyFile { arguments += ["--llm-key-file", file] }
        arguments += ["--orphan-grace", String(lease + Self.orphanGrace)]
        return try await service(ServiceNames.llmGateway, arguments)
    }

    /// Starts the embedding-gateway and returns its endpoint.
    func embeddingGateway(_ servers: ModelServers, model: String?) async throws -> String {
        guard cluster == nil || servers.embedding != nil else {
            throw UserError(
                "the run needs vectors, for memories or for what agents look at", at: "--embedding",
                advice: "give --embedding URL, or leave out long-term memory", exitCode: .usage)
        }
        var arguments = servers.embedding.map { ["--embedding", $0] } ?? []
        if let model = servers.embeddingModel ?? model { arguments += ["--embedding-model", model] }
        if let file = servers.embeddingKeyFile { arguments += ["--embedding-key-file", file] }
        if let vectorFolder { arguments += ["--cache", vectorFolder] }
        return try await service(ServiceNames.embeddingGateway, arguments)
    }

    /// Starts the recorder on a run's folder, or without any, and returns its endpoint.
    func recorder(folder: String?) async throws -> String {
        try await service(
            ServiceNames.recorder, ["--store", folder.map { "\($0)/\(RunFolder.recordingName)" } ?? ":memory:"])
    }

    /// Starts agent-hosts, which then register.
    func hosts(_ count: Int, coordinator: String) async throws {
        guard let cluster else { return }
        let path = try host?.path ?? Programs.path(of: ServiceNames.agentHost)
        for number in 1...count {
            let name = "\(Programs.hostPrefix)\(number)"
            let trapLog = sockets.file("\(name).traps")
            _ = try await cluster.start(
                LocalCluster.Program(
                    name: name, executable: path,
                    arguments: (host?.arguments ?? []) + [
                        "--coordinator", coordinator, "--listen", sockets.endpoint(name), "--name", name,
                        "--trap-log", trapLog,
                    ]
                        + metrics(of: name) + (further[ServiceNames.agentHost] ?? []),
                    trapLog: trapLog))
        }
    }

    /// Arguments by which a process tells where its metrics are.
    private func metrics(of name: String) -> [String] {
        servesMetrics ? ["--metrics-file", sockets.metricsFile(name)] : ["--metrics", "off"]
    }

    /// Starts one of our services and waits until it listens.
    private func service(_ name: String, _ arguments: [String]) async throws -> String {
        let endpoint = sockets.endpoint(name)
        guard let cluster else { return endpoint }
        let ready = sockets.file("\(name).ready")
        let keys = [
            ServiceNames.llmGateway: LocalCluster.llmKey, ServiceNames.embeddingGateway: LocalCluster.embeddingKey,
        ]
        let child = try await cluster.start(
            LocalCluster.Program(
                name: name, executable: try Programs.path(of: name),
                arguments: arguments + ["--listen", endpoint, "--ready-file", ready] + metrics(of: name)
                    + (further[name] ?? []),
                key: keys[name],
                readyFile: ready))
        return try await cluster.ready(child, file: ready, limit: Self.startLimit)
    }

    private func emulator(_ cluster: LocalCluster, _ arguments: [String]) async throws -> String {
        let ready = sockets.file("\(ServiceNames.emulator).port")
        let rest = ["--port-file", ready] + arguments
        let child = try await cluster.start(
            LocalCluster.Program(
                name: ServiceNames.emulator, executable: try Programs.path(of: ServiceNames.emulator),
                arguments: ["--listen", "127.0.0.1:0"] + rest, readyFile: ready))
        let address = try await cluster.ready(child, file: ready, limit: Self.startLimit)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // The gateways know it by this address: should it die, it comes back there.
        cluster.amend(ServiceNames.emulator, arguments: ["--listen", address] + rest)
        return "http://\(address)"
    }
}
