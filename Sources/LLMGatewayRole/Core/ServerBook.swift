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
    // Counted at each change, since every call that arrives asks.
    private var serversByModel: [String: Int] = [:]
    private var profiled = 0
    private var unknown = 0
    private var misconfigured = 0

    /// The servers, in order of their numbers.
    var servers: [ServerID] { pages.keys.sorted() }

    /// Whether there may be servers that are not known yet, because a name was never resolved.
    var isIncomplete = false

    /// Whether every server is known and was probed at least once.
    var isProbed: Bool { !isIncomplete && unknown == 0 }

    /// Whether any server was probed with success.
    var isAnyProfiled: Bool { profiled > 0 }

    /// All models that any server has, in order of their names.
    var models: [String] { serversByModel.keys.sorted() }

    /// Whether any server has the model, as far as it told.
    func serves(_ model: String) -> Bool { serversByModel[model] != nil }

    mutating func add(_ server: ServerID, url: String) {
        guard pages[server] == nil else { return }
        let page = Page(url: url)
        pages[server] = page
        count(page, 1)
    }

    mutating func remove(_ server: ServerID) { if let page = pages.removeValue(forKey: server) { count(page, -1) } }

    private mutating func change(_ server: ServerID, _ body: (inout Page) -> Void) {
        guard var page = pages[server] else { return }
        count(page, -1)
        body(&page)
        count(page, 1)
        pages[server] = page
    }

    private mutating func count(_ page: Page, _ step: Int) {
        if let profile = page.profile {
            profiled += step
            for model in profile.facts.models {
                let servers = serversByModel[model.name, default: 0] + step
                serversByModel[model.name] = servers > 0 ? servers : nil
            }
        } else if page.problem == nil {
            unknown += step
        }
        if case .misconfigured = page.problem { misconfigured += step }
    }

    func url(_ server: ServerID) -> String { pages[server]?.url ?? "" }
    func profile(_ server: ServerID) -> BackendProfile? { pages[server]?.profile }
    func problem(_ server: ServerID) -> ProbeFailure? { pages[server]?.problem }

    /// Takes what a probe found.
    mutating func probed(_ server: ServerID, _ result: Result<BackendProfile, ProbeFailure>) {
        switch result {
        case .success(let profile):
            change(server) { page in
                page.profile = profile
                page.problem = nil
            }
        case .failure(let problem): change(server) { $0.problem = problem }
        }
    }

    /// What a request revealed that a person must mend.
    mutating func misconfigured(_ server: ServerID, _ what: String, advice: String) {
        change(server) { $0.problem = .misconfigured(what, advice: advice) }
    }

    /// The server works as it is.
    mutating func works(_ server: ServerID) { change(server) { $0.problem = nil } }

    /// Changes which field limits the length of answers there.
    mutating func learn(_ server: ServerID, _ field: TokenLimitField) {
        pages[server]?.profile?.tokenLimitField = field
    }

    /// The server does not have the endpoint for decisions, or its model cannot answer there.
    mutating func learnNoDecisions(_ server: ServerID) { pages[server]?.lacksDecisions = true }

    /// The server counts no tokens, whatever it did when it was probed.
    mutating func learnNoCounts(_ server: ServerID) { pages[server]?.profile?.yardstick = 0 }

    /// Whether the server counts the tokens of prompts.
    func counts(_ server: ServerID) -> Bool { profile(server).map { $0.yardstick > 0 } ?? false }

    /// Whether any server does.
    var isAnyCounting: Bool { pages.values.contains { ($0.profile?.yardstick ?? 0) > 0 } }

    /// Whether the server may decide between so many choices: newer servers do, and only asking tells.
    func decides(_ server: ServerID, among choices: Int) -> Bool {
        pages[server].map { Self.decides($0, among: choices) } ?? false
    }

    /// Whether any server may.
    func isAnyDeciding(among choices: Int) -> Bool { pages.values.contains { Self.decides($0, among: choices) } }

    private static func decides(_ page: Page, among choices: Int) -> Bool {
        guard !page.lacksDecisions, let most = page.profile?.engine.mostChoices else { return false }
        return (2...most).contains(choices)
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
        misconfigured == pages.count ? firstMisconfiguration : nil
    }

    /// Set when no server answered its latest probe.
    var unavailability: Problem? {
        guard pages.values.allSatisfy({ $0.problem != nil }), let server = servers.first, let page = pages[server],
            case .unavailable(let what) = page.problem
        else { return nil }
        return Problem(.unavailable, "\(page.url): \(what)", advice: "start the model server, or check --llm")
    }
}
