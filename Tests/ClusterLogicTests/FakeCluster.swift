import ClusterLogic
import Hashing
import Model
import Testing

/// Plays recorder and hosts for a round machine, delivers in any order, loses hosts, lets others join, pauses and goes
/// on, and checks each action against what may happen at that point.
struct FakeCluster {
    /// A host as it is: what it was told, and what it does with it.
    struct Host {
        var name: String
        var incarnation: UInt64
        var map: LeaseMap?
        var round: UInt32 = 0
        /// Leases that it has begun in the round.
        var begun: Set<Lease> = []
        var finished: Set<Lease> = []
        var isDraining = false
        var isLost = false

        func held(_ partitions: UInt32) -> [Lease] { held.filter { $0.partition < partitions } }
        var number: UInt32 = 0
        private var held: [Lease] { map?.leases.filter { $0.host == number } ?? [] }
    }

    /// Something on its way.
    enum Message {
        case event(RoundMachine.Event)
        case command(RoundMachine.Command, to: UInt32)
        /// A lease's turns end at a host.
        case done(Lease, round: UInt32, host: UInt32)
    }

    var machine: RoundMachine
    let plan: RunPlan
    var generator: SeededGenerator
    var underway: [Message] = []
    var hosts: [UInt32: Host] = [:]
    /// Number of the unanswered request, and what it makes durable.
    var asked: (number: UInt64, what: RoundMachine.Request)?
    /// Requests for interventions: those that a person was told of, those that the recorder has kept with the first
    /// round that has them, and those that the machine did not take.
    var acknowledged: [Digest128: UInt32] = [:]
    var kept: [Digest128: UInt32] = [:]
    var declined: Set<Digest128> = []
    var requested: [Digest128] = []
    /// Whether a host was told to let the environment take its turn in the merged round.
    var isEnvironmentDone = false
    /// What the recorder holds.
    var leases: [UInt32: Lease] = [:]
    var closed: UInt32
    var open: UInt32?
    var merged: Bool
    var finishedUnder: [UInt32: Lease] = [:]
    var isPaused = false
    /// Whether the next map must spread all partitions evenly.
    var isBalanceDue = true
    var lastMap: UInt64 = 0
    /// Whether commands are given again to one host.
    var isRepeating = false
    var outcome: RunOutcome?
    var names: UInt64 = 0
    var complaints: [String] = []
    var steps = 0
    var surrenders = 0

    init(plan: RunPlan, seed: UInt64) {
        self.plan = plan
        machine = RoundMachine(plan: plan)
        generator = SeededGenerator(seed: seed)
        closed = plan.closedRound
        open = plan.openRound
        merged = plan.merged
    }

    mutating func require(_ condition: Bool, _ rule: @autoclosure () -> String) {
        if !condition { complaints.append("step \(steps): \(rule())") }
    }

    var present: [UInt32] { hosts.filter { !$0.value.isLost }.keys.sorted() }

    mutating func registerAll() {
        for number in 0..<plan.hosts { join("host-\(number)") }
    }

    /// A host of that name registers as a new incarnation.
    mutating func join(_ name: String) {
        names += 1
        guard case .accepted(let host, let actions) = machine.register(name: name, incarnation: names) else { return }
        hosts[host] = Host(name: name, incarnation: names, number: host)
        perform(actions)
    }

    /// What was on its way to a host gets lost, and its commands are given again.
    mutating func reconnect(_ host: UInt32) {
        underway.removeAll { if case .command(_, host) = $0 { true } else { false } }
        isRepeating = true
        defer { isRepeating = false }
        perform(machine.commands(for: host))
    }

    /// A host says again that it is there.
    mutating func registerAgain(_ host: UInt32) {
        guard let known = hosts[host] else { return }
        isRepeating = true
        defer { isRepeating = false }
        switch machine.register(name: known.name, incarnation: known.incarnation) {
        case .accepted(let number, let actions):
            require(number == host && !known.isLost, "the same host has the same number")
            perform(actions)
        case .fenced: require(known.isLost, "only a lost incarnation is fenced")
        case .later: require(false, "an incarnation that is known is no stranger")
        }
    }

    /// A person intervenes, or asks again: the request or its answer may have been lost.
    mutating func intervene(again: Bool) {
        let last = requested.last
        let request = again ? last ?? Digest128(high: 1, low: 0) : Digest128(high: 1, low: UInt64(requested.count))
        if last != request { requested.append(request) }
        perform(machine.handle(.interventionRequested(request)))
    }

    mutating func lose(_ host: UInt32) {
        hosts[host]?.isLost = true
        perform(machine.handle(.hostLost(host: host)))
    }

    /// Delivers one message that is on its way, any of them; sometimes twice. False when nothing is.
    mutating func deliver() -> Bool {
        guard outcome == nil, !underway.isEmpty else { return false }
        steps += 1
        let index = generator.below(underway.count)
        let message = underway[index]
        // Commands to one host keep their order; all else may overtake.
        if case .command(_, let host) = message {
            let first = underway.firstIndex { if case .command(_, host) = $0 { true } else { false } } ?? index
            guard case .command(let command, _) = underway.remove(at: first) else { return true }
            obey(command, host)
            return true
        }
        underway.remove(at: index)
        switch message {
        case .event(let event):
            let events = generator.below(4) == 0 ? [event, event] : [event]
            for event in events {
                if case .recorded(let number, _) = event, asked?.number == number { endure() }
                perform(machine.handle(event))
            }
            if generator.below(8) == 0, case .report = event { underway.append(message) }
        case .done(let lease, let round, let host): done(lease, round, host)
        case .command: break
        }
        return true
    }

    /// Delivers until nothing is on its way or the run has ended.
    mutating func run(most: Int = 100_000) {
        var left = most
        while left > 0, deliver() { left -= 1 }
        require(left > 0, "the run comes to rest")
    }

    // MARK: What hosts do

    private mutating func report(_ report: RoundMachine.Report, _ host: UInt32) {
        underway.append(.event(.report(report, host: host)))
    }

    private mutating func obey(_ command: RoundMachine.Command, _ number: UInt32) {
        guard var host = hosts[number], !host.isLost else { return }
        defer { hosts[number] = host }
        switch command {
        case .lease(let map):
            guard map.grant >= host.map?.grant ?? 0 else { return }
            host.map = map
            report(.ready(grant: map.grant, round: map.closedRound), number)
        case .start(let round, _):
            if round > host.round { (host.round, host.begun, host.finished) = (round, [], []) }
            host.isDraining = false
            let held = host.held(plan.partitions)
            for lease in held where host.begun.insert(lease).inserted {
                require(
                    leases[lease.partition].map { $0 == lease || $0.epoch > lease.epoch } ?? false,
                    "no turn starts under a lease that is not recorded")
                underway.append(.done(lease, round: round, host: number))
            }
        case .environment(let round):
            if open == round, merged { isEnvironmentDone = true }
            report(.environmentFinished(round: round), number)
        case .drain(let round):
            host.isDraining = true
            // What has not ended yet has not begun: it starts again when the run goes on.
            host.begun = host.finished
            underway.removeAll { if case .done(_, _, number) = $0 { true } else { false } }
            report(.drained(round: round), number)
        }
    }

    private mutating func done(_ lease: Lease, _ round: UInt32, _ host: UInt32) {
        guard hosts[host]?.isLost == false, hosts[host]?.round == round else { return }
        hosts[host]?.finished.insert(lease)
        if leases[lease.partition] == lease { finishedUnder[lease.partition] = lease }
        report(.finished(round: round, leases: [lease]), host)
    }
}

/// A plan of three rounds, changed where a test says so.
func plan(
    hosts: Int = 3, rounds: UInt32 = 3, hasEnvironment: Bool = true, interventions: Set<UInt32> = [],
    closedRound: UInt32 = 0,
    openRound: UInt32? = nil, merged: Bool = false, partitions: UInt32 = 16
) -> RunPlan {
    RunPlan(
        hosts: hosts, partitions: partitions, rounds: rounds, runEpoch: 4, secondsPerRound: 86_400,
        hasEnvironment: hasEnvironment, interventions: interventions, toleratedFailures: 50_000,
        closedRound: closedRound, openRound: openRound,
        merged: merged)
}
