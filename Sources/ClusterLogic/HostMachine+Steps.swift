import Model

extension HostMachine {
    /// A new map: what is lost goes, what is new is loaded, what stays goes on.
    mutating func take(_ number: UInt64, _ closed: UInt32, _ leases: [Lease]) -> [Action] {
        guard number >= grant else { return [] }
        guard number > grant else { return readyReport() + mend() }
        grant = number
        closedRound = max(closedRound, closed)
        if activity.round <= closedRound { endActivity() }
        let mine = Dictionary(leases.map { ($0.partition, $0) }) { $1 }
        let lost = ordered.map(\.lease).filter { mine[$0.partition] != $0 }
        for lease in lost { held[lease.partition] = nil }
        var fresh: [Lease] = []
        var later: [Lease] = []
        for lease in mine.values.sorted(by: { $0.partition < $1.partition }) {
            guard let known = held[lease.partition] else {
                held[lease.partition] = Held(lease: lease, stage: .loading(to: closedRound))
                fresh.append(lease)
                continue
            }
            guard let asOf = known.stage.asOf, asOf < closedRound else { continue }
            held[lease.partition]?.stage = .loading(to: closedRound)
            later.append(lease)
        }
        var actions: [Action] = []
        if !lost.isEmpty { actions.append(.drop(lost)) }
        if !fresh.isEmpty { actions.append(.load(fresh, round: closedRound)) }
        if !later.isEmpty { actions.append(.advance(later, round: closedRound)) }
        return actions + readyReport() + mend() + fill()
    }

    /// A step of a partition failed. Whoever can mend it is told; the coordinator asks again once that is done.
    mutating func failed(_ lease: Lease) -> [Action] {
        if isCurrent(lease) { held[lease.partition]?.stage = .broken }
        return []
    }

    /// Loads what is broken anew.
    private mutating func mend() -> [Action] {
        let broken = ordered.filter { $0.stage == .broken }.map(\.lease)
        for lease in broken { held[lease.partition]?.stage = .loading(to: closedRound) }
        return broken.isEmpty ? [] : [.load(broken, round: closedRound)]
    }

    /// A partition's agents are there.
    mutating func loaded(_ lease: Lease, _ round: UInt32) -> [Action] {
        guard isCurrent(lease), case .loading = held[lease.partition]?.stage else { return [] }
        guard round >= closedRound else {
            held[lease.partition]?.stage = .loading(to: closedRound)
            return [.advance([lease], round: closedRound)]
        }
        held[lease.partition]?.stage = .loaded(round)
        return readyReport() + pursue()
    }

    private func readyReport() -> [Action] {
        let isReady = held.values.allSatisfy { partition in
            partition.stage.asOf.map { $0 >= closedRound } ?? false
        }
        return isReady ? [.report(.ready(grant: grant, round: closedRound))] : []
    }

    /// The coordinator wants a round to be run, or its environment; perhaps once more.
    mutating func begin(_ wanted: Activity) -> [Action] {
        // An echo of a round that is closed by now.
        guard wanted.round > closedRound, wanted.round >= activity.round else { return [] }
        var actions = enter(wanted)
        draining = nil
        isHalted = false
        let through = ordered.filter { $0.stage == .finished(wanted.round) }.map(\.lease)
        if case .run = wanted, !through.isEmpty {
            actions.append(.report(.finished(round: wanted.round, leases: through)))
        }
        return actions + mend() + pursue() + fill()
    }

    /// Takes an activity up; the first of a round begins it.
    private mutating func enter(_ wanted: Activity) -> [Action] {
        activity = wanted
        switch wanted {
        case .run(let round, let time) where begunRound < round,
            .environment(let round, let time) where begunRound < round:
            begunRound = round
            return [.begin(round: round, time: time)]
        case .idle, .run, .environment: return []
        }
    }

    /// Goes on with every partition that the activity has not reached yet.
    private mutating func pursue() -> [Action] {
        var actions: [Action] = []
        let round = activity.round
        guard round > 0 else { return [] }
        for partition in ordered where partition.stage == .loaded(round - 1) {
            let lease = partition.lease
            if lease.partition != environmentPartition {
                held[lease.partition]?.stage = .preparing(round)
                if case .environment = activity {
                    actions.append(.prepare(lease, round: round, isMerged: true))
                } else {
                    actions.append(.prepare(lease, round: round, isMerged: false))
                }
            } else if case .run = activity {
                // The environment has no turn before the merge: its partition is through at once.
                held[lease.partition]?.stage = .finished(round)
                actions += [.open(lease, round: round), .report(.finished(round: round, leases: [lease]))]
            }
        }
        return actions + pursueEnvironment()
    }

    private mutating func pursueEnvironment() -> [Action] {
        guard case .environment(let round, _) = activity, !isEnvironmentRunning,
            let partition = held[environmentPartition], let asOf = partition.stage.asOf, asOf == round - 1
        else { return [] }
        if environmentRound == round { return [.report(.environmentFinished(round: round))] }
        guard draining == nil, !isHalted else { return [] }
        isEnvironmentRunning = true
        return [.open(partition.lease, round: round), .runEnvironment(partition.lease, round: round)]
    }

    /// A partition's round is planned.
    mutating func prepared(_ lease: Lease, _ round: UInt32, _ early: [Root], _ late: [Root]) -> [Action] {
        guard isCurrent(lease), held[lease.partition]?.stage == .preparing(round) else { return [] }
        let left = early.count + late.count
        held[lease.partition]?.stage = left == 0 ? .finished(round) : .running(round, left: left)
        for root in early { first.append(Waiting(root: root, lease: lease), partition: lease.partition) }
        for root in late { then.append(Waiting(root: root, lease: lease), partition: lease.partition) }
        var actions: [Action] = [.open(lease, round: round)]
        if left == 0, case .run(round, _) = activity {
            actions.append(.report(.finished(round: round, leases: [lease])))
        }
        return actions + fill()
    }

    /// A root turn is durable.
    mutating func rootEnded(_ lease: Lease) -> [Action] {
        inFlight -= 1
        var actions: [Action] = []
        if isCurrent(lease), case .running(let round, let left) = held[lease.partition]?.stage {
            held[lease.partition]?.stage = left == 1 ? .finished(round) : .running(round, left: left - 1)
            if left == 1 { actions.append(.report(.finished(round: round, leases: [lease]))) }
        }
        return actions + fill() + drainedReport()
    }

    /// A root turn has to run again: later here, or elsewhere.
    mutating func interrupted(_ root: Root, _ lease: Lease) -> [Action] {
        inFlight -= 1
        if isCurrent(lease) {
            isHalted = true
            then.prepend(Waiting(root: root, lease: lease), partition: lease.partition)
        }
        return fill() + drainedReport()
    }

    /// The environment's turn is durable for a round.
    mutating func environmentDurable(_ round: UInt32) -> [Action] {
        isEnvironmentRunning = false
        environmentRound = max(environmentRound, round)
        return [.report(.environmentFinished(round: round))] + drainedReport()
    }

    /// The environment's turn has to run again. What a lost lease interrupts needs no mending: under a newer lease of
    /// the same partition the turn starts at once.
    mutating func environmentInterrupted(_ lease: Lease) -> [Action] {
        isEnvironmentRunning = false
        guard isCurrent(lease) else { return drainedReport() + pursueEnvironment() }
        isHalted = true
        return drainedReport()
    }

    /// No root turn starts any more until the round is started again. A host that was never told of the round takes
    /// part all the same: what is in flight elsewhere may ask its agents.
    mutating func drain(_ round: UInt32, _ time: Int64) -> [Action] {
        guard round > closedRound else { return [] }
        draining = round
        let actions = activity.round < round ? enter(.run(round: round, time: time)) + pursue() : []
        return actions + drainedReport()
    }

    mutating func heard(_ isHeard: Bool) -> [Action] {
        isCoordinatorHeard = isHeard
        return fill()
    }

    private mutating func endActivity() {
        activity = .idle
        draining = nil
        isHalted = false
        first.removeAll()
        then.removeAll()
    }
}
