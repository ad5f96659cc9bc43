import GatewayLogic
import Wire

/// What is known of each server beyond its standing: where it is, its dialect, and what a person must mend.
struct ServerBook {
    private struct Page {
        var url: String
        var profile: BackendProfile?
        var problem: ProbeFailure?
        var lacksDecisions = false
    }

    private var pages: [ServerID: Page] = [:]

    /// The servers, in order of their numbers.
    var servers: [ServerID] { pages.keys.sorted() }

    /// Whether there may be servers that are not known yet, because a name was never resolved.
    var isIncomplete = false

    /// Whether every server is known and was probed at least once.
    var isProbed: Bool { !isIncomplete && pages.values.allSatisfy { $0.profile != nil || $0.problem != nil } }

    mutating func add(_ server: ServerID, url: String) { if pages[server] == nil { pages[server] = Page(url: url) } }
    mutating func remove(_ server: ServerID) { pages[server] = nil }

    func url(_ server: ServerID) -> String { pages[server]?.url ?? "" }
    func profile(_ server: ServerID) -> BackendProfile? { pages[server]?.profile }
    func problem(_ server: ServerID) -> ProbeFailure? { pages[server]?.problem }

    /// Takes what a probe found.
    mutating func probed(_ server: ServerID, _ result: Result<BackendProfile, ProbeFailure>) {
        switch result {
        case .success(let profile):
            pages[server]?.profile = profile
            pages[server]?.problem = nil
        case .failure(let problem): pages[server]?.problem = problem
        }
    }

    /// What a request revealed that a person must mend.
    mutating func misconfigured(_ server: ServerID, _ what: String, advice: String) {
        pages[server]?.problem = .misconfigured(what, advice: advice)
    }

    /// The server works as it is.
    mutating func works(_ server: ServerID) { pages[server]?.problem = nil }

    /// Changes which field limits the length of answers there.
    mutating func learn(_ server: ServerID, _ field: TokenLimitField) {
        pages[server]?.profile?.tokenLimitField = field
    }

    /// The server does not have the endpoint for decisions, or its model cannot answer there.
    mutating func learnNoDecisions(_ server: ServerID) { pages[server]?.lacksDecisions = true }

    /// Whether the server may have the endpoint for decisions: newer vLLMs do, and only asking tells.
    func readsDecisions(_ server: ServerID) -> Bool {
        guard let page = pages[server] else { return false }
        return page.profile?.engine == .vllm && !page.lacksDecisions
    }

    // MARK: for people

    /// The first server that a person must look at.
    var firstMisconfiguration: Problem? {
        for server in servers {
            guard let page = pages[server], case .misconfigured(let what, let advice) = page.problem else { continue }
            return Problem(.misconfigured, "\(page.url): \(what)", advice: advice)
        }
        return nil
    }

    /// Set when no server will ever answer as things are.
    var misconfiguration: Problem? {
        let isHopeless = pages.values.allSatisfy { page in
            if case .misconfigured = page.problem { return true }
            return false
        }
        return isHopeless ? firstMisconfiguration : nil
    }

    /// Set when no server answered its latest probe.
    var unavailability: Problem? {
        guard pages.values.allSatisfy({ $0.problem != nil }), let server = servers.first, let page = pages[server],
            case .unavailable(let what) = page.problem
        else { return nil }
        return Problem(.unavailable, "\(page.url): \(what)", advice: "start the model server, or check --llm")
    }
}
