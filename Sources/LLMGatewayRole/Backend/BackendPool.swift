import Curl
import Support

/// The model servers: what each can do, how it is, and how much it has in flight.
///
/// Load is counted when a request is dispatched, not when its reply begins: else a burst goes to one server.
struct BackendPool {
    struct Backend {
        let url: String
        var profile: BackendProfile?
        var health = ServerHealth()
        var problem: ProbeFailure?
        var window = 0
        var inFlight = 0
        var dispatched: UInt64 = 0
        var isProbing = false
        var probesFailed = 0
    }

    private(set) var backends: [Backend]
    /// The model that all servers serve, once one was probed.
    private(set) var model: String?
    private let fixedWindow: Int
    private let policy: any PlacementPolicy

    /// Requests in flight at a server whose own number of slots is unknown: enough to fill a GPU's batch, few
    /// enough to leave the queue here, where it can still be ordered.
    static let defaultWindow = 128

    /// A pool of the servers at `urls`; `window` 0 means as many as each server has slots.
    init(urls: [String], window: Int, policy: any PlacementPolicy = LeastLoaded()) {
        backends = urls.map { Backend(url: $0) }
        fixedWindow = window
        self.policy = policy
    }

    /// Requests that may be in flight in all, for sizing the connection cache.
    var totalWindow: Int { backends.reduce(0) { $0 + $1.window } }

    /// Whether any server could be given work soon: working, or only busy.
    var isAnyWorking: Bool { backends.contains { $0.health.state != .dead && $0.health.state != .unknown } }

    /// Whether every server was probed at least once.
    var isProbed: Bool { backends.allSatisfy { $0.health.state != .unknown } }

    /// Takes room for one request at the best server; nil when none has any.
    mutating func dispatch(at now: Instant) -> Int? {
        var candidates: [PlacementCandidate] = []
        for (index, backend) in backends.enumerated()
        where backend.inFlight < backend.window && backend.health.isAvailable(at: now) {
            candidates.append(
                PlacementCandidate(
                    backend: index, inFlight: backend.inFlight, window: backend.window, dispatched: backend.dispatched))
        }
        guard !candidates.isEmpty else { return nil }
        let chosen = candidates[policy.choose(among: candidates)].backend
        backends[chosen].inFlight += 1
        backends[chosen].dispatched += 1
        return chosen
    }

    /// Gives back the room of one request.
    mutating func finished(_ backend: Int) {
        precondition(backends[backend].inFlight > 0, "a request ended that was not counted")
        backends[backend].inFlight -= 1
    }

    /// Takes back a dispatch that nothing came of.
    mutating func undispatch(_ backend: Int) {
        finished(backend)
        backends[backend].dispatched -= 1
    }

    /// Changes a server's health.
    mutating func updateHealth<Result>(_ backend: Int, _ change: (inout ServerHealth) -> Result) -> Result {
        change(&backends[backend].health)
    }

    /// Notes that a probe is under way; false when one already is.
    mutating func beginProbe(_ backend: Int) -> Bool {
        guard !backends[backend].isProbing else { return false }
        backends[backend].isProbing = true
        return true
    }

    /// Takes the result of a probe. The servers of a pool answer for one another, so the first one's model is
    /// everybody's: another, also of the same server later, is refused.
    mutating func probed(_ backend: Int, _ result: Result<BackendProfile, ProbeFailure>) {
        backends[backend].isProbing = false
        switch result {
        case .success(let profile):
            let expected = model ?? profile.model
            guard profile.model == expected else {
                return refuse(
                    backend,
                    .misconfigured(
                        "it serves '\(profile.model)' where '\(expected)' was served before",
                        advice: "give servers of one model, or name one that all have with --model"))
            }
            model = expected
            accept(backend, profile)
        case .failure(let failure):
            refuse(backend, failure)
        }
    }

    /// Changes which field limits the length of answers there.
    mutating func learn(_ backend: Int, _ field: TokenLimitField) {
        backends[backend].profile?.tokenLimitField = field
    }

    private mutating func accept(_ backend: Int, _ profile: BackendProfile) {
        backends[backend].profile = profile
        backends[backend].problem = nil
        backends[backend].probesFailed = 0
        backends[backend].health.probed()
        let slots = profile.slots > 0 ? Int(profile.slots) : Self.defaultWindow
        backends[backend].window = fixedWindow > 0 ? fixedWindow : slots
    }

    private mutating func refuse(_ backend: Int, _ failure: ProbeFailure) {
        backends[backend].problem = failure
        backends[backend].probesFailed += 1
        backends[backend].health.probeFailed()
    }
}
