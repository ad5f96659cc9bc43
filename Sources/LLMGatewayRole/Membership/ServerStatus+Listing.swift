import GatewayLogic
import Wire

extension ServerStatus {
    /// Most models of a server that are listed.
    private static let mostModels = 256

    /// How it is, in a few words.
    var words: String {
        let standing =
            switch state {
            case .unproven: "not probed yet"
            case .working: opensGroups ? "in use" : "in use, its cache nearly full"
            case .busy: "asks to be left alone"
            case .out(let cause): "out of use: \(cause.standing)"
            case .trial(let cause): "on trial: \(cause.standing)"
            }
        return isDraining ? "draining; \(standing)" : standing
    }

    /// For the list; `host` is the name that it was found by, `profile` what its probe told.
    func listed(host: String, profile: BackendProfile?) -> ListedServer {
        ListedServer(
            url: name, host: host, state: words,
            engine: profile.map { $0.version.isEmpty ? $0.engine.rawValue : "\($0.engine.rawValue) \($0.version)" }
                ?? "",
            models: (facts?.models ?? []).prefix(Self.mostModels).map {
                ListedModel(name: $0.name, parent: $0.parent ?? "")
            },
            window: UInt32(clamping: window), inFlight: UInt32(clamping: inFlight), counts: counts.named)
    }
}

extension ServerCounts {
    /// Each with its name.
    fileprivate var named: [NamedCount] {
        [
            ("dispatched", dispatched), ("answered", answered), ("busy", busy), ("failed", failed), ("lost", lost),
            ("cancelled", cancelled), ("redispatched", redispatched),
        ].map { NamedCount(name: $0.0, count: $0.1) }
    }
}

extension OutCause {
    /// In a list.
    fileprivate var standing: String {
        switch self {
        case .failing: "it fails on requests"
        case .interrupted: "a connection broke"
        case .unreachable: "nothing answers there"
        case .silent: "it brings nothing"
        case .misconfigured(let reason): reason
        }
    }
}
