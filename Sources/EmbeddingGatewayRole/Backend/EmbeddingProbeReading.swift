import Curl
import JSON
import Support

/// Reads what an embedding server's information endpoints answered. Pure: the driver does the asking.
struct EmbeddingProbeReading {
    /// The endpoints that are asked, all at once.
    static let paths = ["/v1/models", "/info", "/embedding-dimension"]

    /// Most texts in one request, by OpenAI's interface.
    static let largestBatch = 2_048

    /// The model that the user named, or nil for the server's own.
    var wantedModel: String?

    /// Which interface to speak, from the replies by path.
    func identity(
        _ replies: [String: Result<HTTPResponse, HTTPFailure>]
    ) throws(EmbeddingFailure) -> EmbeddingIdentity {
        try refuseUnusable(replies)
        if let info = Self.object(replies["/info"]), let model = info["model_id"]?.stringValue {
            let limit = info["max_client_batch_size"]?.intValue ?? 32
            return EmbeddingIdentity(
                engine: .tei, model: try named(model), maxBatch: max(1, min(limit, Self.largestBatch)))
        }
        if Self.object(replies["/embedding-dimension"]) != nil || Self.isNumber(replies["/embedding-dimension"]) {
            return EmbeddingIdentity(engine: .gensim, model: wantedModel ?? "", maxBatch: 1)
        }
        let list = Self.object(replies["/v1/models"])?["data"]?.arrayValue
        let names = list?.compactMap { $0["id"]?.stringValue } ?? []
        return EmbeddingIdentity(engine: .openai, model: try choose(names), maxBatch: Self.largestBatch)
    }

    private func refuseUnusable(_ replies: [String: Result<HTTPResponse, HTTPFailure>]) throws(EmbeddingFailure) {
        for path in Self.paths {
            switch replies[path] {
            case .failure(.invalidRequest(let what)): throw .misconfigured(what, advice: "check --embedding")
            case .failure(.tls):
                throw .misconfigured(
                    "its TLS certificate is not trusted", advice: "check the address and the CA certificates")
            case .failure(.cannotConnect): throw .unavailable("nothing answers there")
            case .failure(let failure): throw .unavailable("the connection fails (\(failure))")
            case .success(let response) where response.status == 401 || response.status == 403:
                throw .misconfigured(
                    "it refuses the key (HTTP \(response.status))",
                    advice: "give the right key by --embedding-key-file or GENSIM_EMBEDDING_KEY")
            case .success(let response) where RetryPolicy.isTransient(status: response.status):
                throw .unavailable("it is not ready (HTTP \(response.status))")
            case .success: continue
            case nil: throw .unavailable("it was not asked for \(path)")
            }
        }
    }

    private func named(_ model: String) throws(EmbeddingFailure) -> String {
        guard let wantedModel, wantedModel != model else { return model }
        throw .misconfigured("it serves '\(model)', not '\(wantedModel)'", advice: "check --embedding-model")
    }

    private func choose(_ names: [String]) throws(EmbeddingFailure) -> String {
        guard let wantedModel else {
            guard let first = names.first else {
                throw .misconfigured("it does not list its models", advice: "name one with --embedding-model")
            }
            guard names.count == 1 else {
                throw .misconfigured("it offers \(names.count) models", advice: "name one with --embedding-model")
            }
            return first
        }
        guard names.isEmpty || names.contains(wantedModel) else {
            let near = NearestName.of(wantedModel, among: names).map { "did you mean '\($0)'? " } ?? ""
            throw .misconfigured(
                "it has no model '\(wantedModel)'", advice: "\(near)it has: \(names.prefix(5).joined(separator: ", "))")
        }
        return wantedModel
    }

    private static func object(_ reply: Result<HTTPResponse, HTTPFailure>?) -> JSONValue? {
        guard case .success(let response) = reply, response.status == 200,
            let value = try? JSONValue(parsing: response.body), value.objectValue != nil
        else { return nil }
        return value
    }

    private static func isNumber(_ reply: Result<HTTPResponse, HTTPFailure>?) -> Bool {
        guard case .success(let response) = reply, response.status == 200 else { return false }
        return (try? JSONValue(parsing: response.body))?.intValue != nil
    }
}
