/// The coordinator's course through a run: who takes part, which step comes next, and how it ends.
///
/// A pure state machine. It knows no socket and no clock, returns what is to be done, and takes every event at any
/// time: what comes twice, late or from the wrong phase changes nothing.
public struct RoundMachine: Sendable {
    struct Host: Sendable {
        var name: String
        var incarnation: UInt64
        var isLost = false
    }

    /// What the machine waits for now.
    public internal(set) var phase = Phase.registering
    /// Who holds which partition.
    public internal(set) var table: LeaseTable
    /// Last closed round, 0 before the first.
    public internal(set) var closedRound: UInt32
    let plan: RunPlan
    var hosts: [Host] = []
    /// How the run shall end, once that is decided.
    var ending: RunOutcome?
    var openRound: UInt32?
    var merged: Bool

    /// A machine at the start of `plan`.
    public init(plan: RunPlan) {
        self.plan = plan
        table = LeaseTable(partitions: plan.partitions, runEpoch: plan.runEpoch)
        closedRound = plan.closedRound
        openRound = plan.openRound
        merged = plan.merged
    }

    /// A host wants to take part, or says again that it does.
    public mutating func register(name: String, incarnation: UInt64) -> Registration {
        if let known = hosts.firstIndex(where: { $0.name == name }) {
            guard hosts[known].incarnation == incarnation, !hosts[known].isLost else {
                return .refused(reason: "another start of the host \(name) takes part in this run")
            }
            let host = UInt32(known)
            return .accepted(host: host, actions: currentCommand(for: host).map { [.send($0, to: [host])] } ?? [])
        }
        guard case .registering = phase, ending == nil, hosts.count < plan.hosts else {
            return .refused(reason: "the run has its \(plan.hosts) hosts already")
        }
        hosts.append(Host(name: name, incarnation: incarnation))
        return .accepted(host: UInt32(hosts.count - 1), actions: hosts.count == plan.hosts ? grant() : [])
    }

    /// Number of the registered host of that name.
    public func host(named name: String) -> UInt32? {
        hosts.firstIndex { $0.name == name }.map { UInt32($0) }
    }

    /// Name of a registered host.
    public func hostName(_ host: UInt32) -> String? {
        hosts.indices.contains(Int(host)) ? hosts[Int(host)].name : nil
    }

    /// Takes an event and returns what is to be done.
    public mutating func handle(_ event: Event) -> [Action] {
        if case .ended = phase { return [] }
        switch event {
        case .step(let step, let host, let round): return take(step, from: host, round: round)
        case .stopRequested: return stop(.stopped, drains: true)
        case .hostFailed(let host, let reason):
            guard hosts.indices.contains(Int(host)) else { return [] }
            // A host that cannot go on has nothing left to drain: waiting for it would never end.
            if case .draining(let round, let waiting) = phase, waiting.contains(host) {
                return take(.drained, from: host, round: round)
            }
            return stop(.failed(reason), drains: true)
        case .hostLost(let host, let reason): return lose(host, reason)
        case .serviceLost(let reason): return stop(.failed(reason), drains: false)
        case .drainExpired:
            if case .draining = phase { return finish(ending ?? .stopped) }
            return []
        case .recorderFailed(let reason):
            let outcome = RunOutcome.failed(reason)
            phase = .ended(outcome)
            return [.end(outcome)]
        case .leasesRecorded, .roundOpened, .roundMerged, .roundClosed, .runFinished: return recorded(event)
        }
    }

    /// The command that the machine waits for the host to complete.
    private func currentCommand(for host: UInt32) -> Command? {
        switch phase {
        case .loading(let waiting) where waiting.contains(host): .lease(closedRound: closedRound)
        case .running(let round, let waiting) where waiting.contains(host):
            .start(round: round, time: plan.time(ofRound: round))
        case .environment(let round) where table.environmentHolder == host: .environment(round: round)
        case .advancing(let round, let waiting) where waiting.contains(host): .advance(round: round)
        case .draining(let round, let waiting) where waiting.contains(host): .drain(round: round)
        default: nil
        }
    }

    private mutating func grant() -> [Action] {
        phase = .granting
        // By name, so that the map does not depend on who came first.
        let order = hosts.indices.sorted { hosts[$0].name.utf8.lexicographicallyPrecedes(hosts[$1].name.utf8) }
        return [.recordLeases(table.grantAll(to: order.map { UInt32($0) }))]
    }

    private mutating func lose(_ host: UInt32, _ reason: String) -> [Action] {
        guard hosts.indices.contains(Int(host)), !hosts[Int(host)].isLost else { return [] }
        hosts[Int(host)].isLost = true
        if case .draining(let round, var waiting) = phase {
            waiting.remove(host)
            phase = .draining(round: round, waiting: waiting)
            return waiting.isEmpty ? finish(ending ?? .stopped) : []
        }
        return stop(.failed(reason), drains: true)
    }

    /// Hosts that are still there.
    var present: [UInt32] { hosts.indices.filter { !hosts[$0].isLost }.map { UInt32($0) } }
}
