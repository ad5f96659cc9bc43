import Curl
import GatewayLogic
import JSON
import Support

/// Why a probe found no usable server.
enum ProbeFailure: Error, Equatable {
    /// Nothing answers, or it says "later": worth another try.
    case unavailable(String)
    /// It answers and will not serve us as configured: a person must act.
    case misconfigured(String, advice: String)
}

extension ProbeFailure {
    /// What it says about the server's standing.
    var fault: ProbeFault {
        switch self {
        case .unavailable: .unreachable
        case .misconfigured(let what, _): .misconfigured(what)
        }
    }
}

/// Reads what a server's probing endpoints answered. Pure: the driver does the asking.
struct ProbeReading {
    /// The endpoints that are asked, all at once.
    static let paths = [
        "/v1/models", "/version", "/props", "/server_info", "/get_server_info", LoadSource.metrics.rawValue,
        LoadSource.loads.rawValue, LoadSource.slots.rawValue, AdapterList.path,
    ]
    /// Most models of one server that are remembered.
    static let mostModels = 4_096

    /// A server's address, for what only its owner's documentation tells.
    var url: String
    /// The models that the user named, of which a server must have one; none for the server's own.
    var wantedModels: [String]

    /// The server's profile from the replies by path; a path without a reply failed in the given way.
    func profile(_ replies: [String: Result<HTTPResponse, HTTPFailure>]) throws(ProbeFailure) -> BackendProfile {
        let models = try models(replies["/v1/models"])
        let identity = identify(replies, owner: models?.first?["owned_by"]?.stringValue)
        let adapters = identity.engine == .llamacpp ? Self.body(replies[AdapterList.path]).map(AdapterList.read) : nil
        let model = try choose(models, adapters: adapters ?? [:])
        let entry = models?.first { $0["id"]?.stringValue == model }
        let context = identity.context ?? entry?["max_model_len"].flatMap(Self.count) ?? 0
        return BackendProfile(
            engine: identity.engine, version: identity.version, model: model, contextTokens: context,
            slots: identity.slots,
            tokenLimitField: url.contains("://api.openai.com") ? .maxCompletionTokens : .maxTokens,
            models: Self.served(models, adapters ?? [:]), adapters: adapters ?? [:],
            kvTokens: Self.kvTokens(of: identity, replies),
            loadSource: Self.loadSource(of: identity.engine, replies))
    }

    // MARK: models

    private func models(_ reply: Result<HTTPResponse, HTTPFailure>?) throws(ProbeFailure) -> [JSONValue]? {
        switch reply {
        case .failure(let failure): throw Self.failure(failure)
        case nil: throw .unavailable("it was not asked for its models")
        case .success(let response):
            switch response.status {
            case 200:
                let body = try? JSONValue(parsing: response.body)
                guard let list = body?["data"]?.arrayValue else {
                    throw .misconfigured(
                        "its list of models is not in OpenAI's form",
                        advice: "check the address; it must end before /v1")
                }
                return list
            case 401, 403:
                throw .misconfigured(
                    "it refuses the key (HTTP \(response.status))",
                    advice: "give the right key by --llm-key-file or GENSIM_LLM_KEY")
            // Servers that do not list their models take any name.
            case 404, 405, 501: return nil
            case let status where RetryPolicy.isTransient(status: status):
                throw .unavailable("it is not ready (HTTP \(status))")
            default:
                throw .misconfigured(
                    "it answers HTTP \(response.status) where models are listed", advice: "check the address")
            }
        }
    }

    private func choose(_ models: [JSONValue]?, adapters: [String: Int]) throws(ProbeFailure) -> String {
        guard let models else {
            guard let wanted = wantedModels.first else {
                throw .misconfigured("it does not list its models", advice: "name one with --model")
            }
            return wanted
        }
        let names = models.compactMap { $0["id"]?.stringValue }
        guard let wanted = wantedModels.first else {
            guard let first = names.first else { throw .unavailable("it has no model loaded") }
            guard names.count == 1 || !Self.isCatalogue(models) else {
                throw .misconfigured("it offers \(names.count) models", advice: "name one with --model")
            }
            return first
        }
        guard let found = wantedModels.first(where: { names.contains($0) || adapters[$0] != nil }) else {
            let near = NearestName.of(wanted, among: names).map { "did you mean '\($0)'? " } ?? ""
            let known = names.prefix(5).joined(separator: ", ")
            let missing = wantedModels.map { "'\($0)'" }.joined(separator: ", ")
            throw .misconfigured("it has no model \(missing)", advice: "\(near)it has: \(known)")
        }
        return found
    }

    /// Several models of equal standing, not one base model with its adapters.
    private static func isCatalogue(_ models: [JSONValue]) -> Bool {
        models.dropFirst().contains { $0["parent"]?.stringValue == nil }
    }

    private static func served(_ models: [JSONValue]?, _ adapters: [String: Int]) -> [ServedModel] {
        let listed = (models ?? []).prefix(mostModels).compactMap { entry in
            entry["id"]?.stringValue.map { ServedModel($0, parent: entry["parent"]?.stringValue) }
        }
        guard let base = listed.first?.name else { return listed }
        let own = adapters.keys.sorted().filter { name in !listed.contains { $0.name == name } }
        return listed + own.map { ServedModel($0, parent: base) }
    }

    // MARK: load and cache

    private static func loadSource(
        of engine: Engine, _ replies: [String: Result<HTTPResponse, HTTPFailure>]
    ) -> LoadSource? {
        LoadSource.candidates(for: engine).first { source in
            body(replies[source.rawValue]).flatMap { source.reading($0) } != nil
        }
    }

    private static func kvTokens(
        of identity: Identity, _ replies: [String: Result<HTTPResponse, HTTPFailure>]
    ) -> Int {
        switch identity.engine {
        // A build from source is spoken to as any other server, and has vLLM's metrics nevertheless.
        case .vllm, .vllmOld, .openai: body(replies[LoadSource.metrics.rawValue]).map(CacheCapacity.vllm) ?? 0
        case .sglang, .llamacpp: identity.kvTokens
        }
    }

    // MARK: kind of server

    private struct Identity {
        var engine: Engine
        var version = ""
        var slots: UInt32 = 0
        var context: UInt32?
        var kvTokens = 0
    }

    private func identify(_ replies: [String: Result<HTTPResponse, HTTPFailure>], owner: String?) -> Identity {
        if let props = Self.object(replies["/props"]),
            props["default_generation_settings"] ?? props["total_slots"] != nil
        {
            let slots = props["total_slots"].flatMap(Self.count) ?? 0
            let context = props["default_generation_settings"]?["n_ctx"].flatMap(Self.count)
            return Identity(
                engine: .llamacpp, version: props["build_info"]?.stringValue ?? "", slots: slots, context: context,
                kvTokens: CacheCapacity.llamacpp(context: context ?? 0, slots: slots))
        }
        for path in ["/server_info", "/get_server_info"] {
            guard let info = Self.object(replies[path]), info["vllm_config"] == nil, info["model_path"] != nil else {
                continue
            }
            return Identity(
                engine: .sglang, version: info["version"]?.stringValue ?? "",
                slots: info["max_running_requests"].flatMap(Self.count) ?? 0,
                context: info["context_length"].flatMap(Self.count),
                kvTokens: CacheCapacity.sglang(serverInfo: info))
        }
        if let version = Self.object(replies["/version"])?["version"]?.stringValue {
            return Identity(engine: Self.vllmEngine(version), version: version)
        }
        return Identity(engine: owner == "llamacpp" ? .llamacpp : .openai)
    }

    /// `structured_outputs` came with 0.11 and `guided_*` went with 0.12, each ignoring the other in silence. A
    /// version that is none, or that of a build from source (0.1.dev), gets the form that all of them know.
    static func vllmEngine(_ version: String) -> Engine {
        let numbers = version.split(separator: ".").prefix(2).map { part in Int(part.prefix(while: \.isNumber)) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return .openai }
        if (major, minor) < (0, 2) || version.contains(".dev") { return .openai }
        return (major, minor) >= (0, 12) ? .vllm : .vllmOld
    }

    private static func object(_ reply: Result<HTTPResponse, HTTPFailure>?) -> JSONValue? {
        guard case .success(let response) = reply, response.status == 200,
            let value = try? JSONValue(parsing: response.body), value.objectValue != nil
        else { return nil }
        return value
    }

    private static func body(_ reply: Result<HTTPResponse, HTTPFailure>?) -> [UInt8]? {
        guard case .success(let response) = reply, response.status == 200 else { return nil }
        return response.body
    }

    private static func count(_ value: JSONValue) -> UInt32? {
        value.intValue.flatMap { $0 > 0 ? UInt32(exactly: $0) : nil }
    }

    private static func failure(_ failure: HTTPFailure) -> ProbeFailure {
        switch failure {
        case .cannotConnect: .unavailable("nothing answers there")
        case .timeout: .unavailable("it does not answer in time")
        case .tls:
            .misconfigured("its TLS certificate is not trusted", advice: "check the address and the CA certificates")
        case .invalidRequest(let what): .misconfigured(what, advice: "check --llm")
        default: .unavailable("the connection fails (\(failure))")
        }
    }
}
