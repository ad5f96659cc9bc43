extension RoundMachine {
    /// What looking for the next step can find; nil where a part of the course has nothing to do.
    private enum Step {
        case go([Action])
        case wait
    }

    /// Goes on as far as what is known allows.
    mutating func settle() -> [Action] {
        var actions: [Action] = []
        // What the recorder is writing decides what comes next.
        while request == nil, case .go(let step) = intervene() ?? next() { actions += step }
        return actions
    }

    /// Interventions go before the next step, which they may belong to: not before what ends the run.
    private mutating func intervene() -> Step? {
        guard let first = interventions.first else { return nil }
        return .go(ask(.intervene(first)))
    }

    private mutating func next() -> Step {
        switch stage {
        case .registering:
            return finish() ?? grantAll() ?? .wait
        case .loading:
            return finish() ?? stand() ?? mend() ?? goOn() ?? .wait
        case .running(let round):
            return finish() ?? stand() ?? mend() ?? merge(round) ?? begin(start(round), to: present) ?? .wait
        case .environment(let round):
            if isEnvironmentDone { return finish() ?? close(round) }
            return finish() ?? stand() ?? mend() ?? begin(.environment(round: round), to: present) ?? .wait
        case .draining(let round, let waiting):
            // Turns in flight may wait for agents whose host is gone: those need a new one before all can end.
            guard waiting.isEmpty else { return mend() ?? .wait }
            enter(.running(round))
            return .go([])
        case .paused:
            return finish() ?? (isPauseWanted ? .wait : .go(ask(.proceed)))
        case .opening, .merging, .closing, .finishing, .ended: return .wait
        }
    }

    func start(_ round: UInt32) -> Command { .start(round: round, time: plan.time(ofRound: round)) }

    private mutating func finish() -> Step? {
        guard let ending else { return nil }
        stage = .finishing(ending)
        return .go(ask(.finish(ending)))
    }

    private mutating func grantAll() -> Step? {
        guard hosts.count(where: { !$0.isLost }) >= plan.hosts else { return nil }
        return .go(ask(.grant(table.balance(present))))
    }

    /// Pauses where the commands of the stage are still to be given.
    private mutating func stand() -> Step? {
        guard isPauseWanted, !isUnderWay else { return nil }
        pausedAt = stage
        return .go(ask(.pause))
    }

    /// Gives partitions without a holder to somebody, spreads all evenly where a round has closed, and tells everybody
    /// the map once it is durable. Without any host there is nothing but to wait.
    private mutating func mend() -> Step? {
        guard hosts.contains(where: { !$0.isLost }) else { return .wait }
        if hasOrphans || isBalanceDue {
            let leases = isBalanceDue ? table.balance(present) : table.repair(present)
            hasOrphans = false
            isBalanceDue = false
            if !leases.isEmpty { return .go(ask(.grant(leases))) }
        }
        guard isMapStale else { return nil }
        isMapStale = false
        let all = present
        let map = LeaseMap(
            grant: (self.map?.grant ?? 0) + 1, closedRound: closedRound, leases: table.leases, hosts: all)
        self.map = map
        for host in all { hosts[Int(host)].told = map.grant }
        var actions = [Action.send(.lease(map), to: all)]
        // Who inherited partitions has to open them for the round, even one that was never told of it: turns in flight
        // elsewhere may ask their agents. For the others a second command changes nothing.
        switch stage {
        case .running: isUnderWay = false
        case .environment(let round) where isUnderWay: actions.append(.send(.environment(round: round), to: all))
        case .draining(let round, let waiting):
            stage = .draining(round, waiting: waiting.union(all))
            actions.append(.send(.drain(round: round), to: all))
        default: break
        }
        return .go(actions)
    }

    /// Gives the command of the stage, once.
    private mutating func begin(_ command: Command, to hosts: [UInt32]) -> Step? {
        guard !isUnderWay else { return nil }
        isUnderWay = true
        return .go([.send(command, to: hosts)])
    }

    /// Goes on where the record stands, once everything is loaded.
    private mutating func goOn() -> Step? {
        guard let map, hosts.allSatisfy({ $0.isLost || $0.told == 0 || $0.ready == map.grant }) else { return nil }
        guard let round = openRound else {
            if closedRound < plan.rounds { return open(closedRound + 1) }
            ending = .finished
            return finish()
        }
        guard merged else { return open(round) }
        stage = .merging(round)
        return .go(ask(.merge(round, time: plan.time(ofRound: round))))
    }

    private mutating func open(_ round: UInt32) -> Step {
        stage = .opening(round)
        return .go(ask(.open(round, time: plan.time(ofRound: round))))
    }

    /// Merges the round once every partition has finished under its present lease.
    private mutating func merge(_ round: UInt32) -> Step? {
        guard finished.count == Int(plan.partitions) else { return nil }
        stage = .merging(round)
        return .go(ask(.merge(round, time: plan.time(ofRound: round))))
    }

    private mutating func close(_ round: UInt32) -> Step {
        stage = .closing(round)
        return .go(ask(.close(round, time: plan.time(ofRound: round))))
    }
}
