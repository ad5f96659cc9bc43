import Hashing

/// The coordinator's course through a run: who takes part, which step comes next, and how it ends.
///
/// A pure state machine. It knows no socket and no clock, returns what is to be done, and takes every event at any
/// time: what comes twice, late or at the wrong stage changes nothing. An event changes what is known; then the
/// machine goes on as far as that allows (`settle`). So a loss needs no rule for each stage: partitions without a
/// holder are something to mend before the next step, whatever the step is.
public struct RoundMachine: Sendable {
    struct Host: Sendable {
        var name: String
        var incarnation: UInt64
        var isLost = false
        /// The last map that it was told, 0 for none.
        var told: UInt64 = 0
        /// The last map whose partitions it has loaded, 0 for none.
        var ready: UInt64 = 0
    }

    /// Where the run stands.
    public internal(set) var stage = Stage.registering
    /// Who holds which partition.
    public internal(set) var table: LeaseTable
    /// Last closed round, 0 before the first.
    public internal(set) var closedRound: UInt32
    /// How the run shall end, once that is decided.
    public internal(set) var ending: RunOutcome?
    let plan: RunPlan
    var hosts: [Host] = []
    /// The round that is open at the recorder, and whether it is merged.
    var openRound: UInt32?
    var merged: Bool
    /// The map that hosts were told last.
    var map: LeaseMap?
    /// Whether what the map says has changed since.
    var isMapStale = false
    /// Whether partitions have lost their holders.
    var hasOrphans = false
    /// Whether hosts that joined are to get their share: a round has closed.
    var isBalanceDue = false
    /// The request that the recorder has not answered yet.
    var request: (number: UInt64, what: Request)?
    var requests: UInt64 = 0
    /// Requests for interventions that the recorder has not answered, in the order of their coming; it is asked for the
    /// first.
    var interventions: [Digest128] = []
    /// Partitions whose turns have all ended under their present leases, in the running round.
    var finished: Set<UInt32> = []
    /// Whether hosts have the command of the stage.
    var isUnderWay = false
    var isEnvironmentDone = false
    /// Whether the run shall stand still.
    var isPauseWanted = false
    /// Where a paused run goes on.
    var pausedAt = Stage.loading
    /// How the run shall end once its round is closed.
    var verdict: RunOutcome?
    /// Hosts that gave up in a row, without any partition finishing in between.
    var dismissals = 0

    /// More hosts in a row that give up mean that it is not the hosts.
    static let longestSeriesOfDismissals = 3
    /// Every start of a host counts. It bounds what a host that is started for ever leaves behind.
    static let mostHosts = 1 << 20

    /// Requests for interventions that may wait.
    static let mostInterventions = 64

    /// A machine at the start of `plan`.
    public init(plan: RunPlan) {
        self.plan = plan
        table = LeaseTable(partitions: plan.partitions, runEpoch: plan.runEpoch)
        closedRound = plan.closedRound
        openRound = plan.openRound
        merged = plan.merged
    }

    /// Takes an event and returns what is to be done.
    public mutating func handle(_ event: Event) -> [Action] {
        if case .ended = stage {
            if case .interventionRequested(let request) = event { return [.decline(request)] }
            return []
        }
        var actions: [Action] = []
        switch event {
        case .report(let report, let host):
            guard isPresent(host) else { return [] }
            take(report, from: host)
        case .recorded(let number, let answer):
            guard let asked = request, asked.number == number else { return [] }
            request = nil
            actions = recorded(asked.what, answer)
        case .stopRequested: actions = stop(.stopped, drains: true)
        case .pauseRequested: actions = pause()
        case .continueRequested: isPauseWanted = false
        case .hostFailed(let host, let reason, let local): actions = fail(host, reason, local: local)
        case .hostLost(let host): lose(host)
        case .interventionRequested(let request):
            guard !interventions.contains(request) else { return [] }
            if case .finishing = stage { return [.decline(request)] }
            guard interventions.count < Self.mostInterventions else { return [.decline(request)] }
            interventions.append(request)
        case .lost(let reason, let drains): actions = stop(.failed(reason), drains: drains)
        case .recorderFailed(let reason):
            ending = .failed(reason)
            return end(.failed(reason))
        case .drainExpired:
            if case .draining(let round, _) = stage { stage = .draining(round, waiting: []) }
        }
        return actions + settle()
    }

    /// Whether the host takes part.
    public func isPresent(_ host: UInt32) -> Bool {
        hosts.indices.contains(Int(host)) && !hosts[Int(host)].isLost
    }

    /// Number of the host of that name that takes part.
    public func host(named name: String) -> UInt32? {
        hosts.lastIndex { $0.name == name && !$0.isLost }.map { UInt32($0) }
    }

    /// Name of a host that has registered.
    public func hostName(_ host: UInt32) -> String? {
        hosts.indices.contains(Int(host)) ? hosts[Int(host)].name : nil
    }

    /// Hosts that take part, in the order of their names: what depends on their order does not depend on who came
    /// first.
    public var present: [UInt32] {
        hosts.indices.filter { !hosts[$0].isLost }
            .sorted { hosts[$0].name.utf8.lexicographicallyPrecedes(hosts[$1].name.utf8) }.map { UInt32($0) }
    }

    /// What the run does, as a person sees it.
    public var activity: Activity {
        switch stage {
        case .ended: return .finished
        case .finishing(.finished): return .running
        case .finishing: return .draining
        case .paused where ending == nil: return isPauseWanted ? .paused : .running
        default: break
        }
        if ending != nil { return .draining }
        if isPauseWanted { return .pausing }
        if stage == .registering { return .starting }
        return hosts.contains { !$0.isLost } ? .running : .waitingForHosts
    }
}
