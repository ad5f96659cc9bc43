import ClusterLogic
import Hashing
import Model

extension FakeCluster {
    /// Takes what the machine wants done, and checks that it may be done now.
    mutating func perform(_ actions: [RoundMachine.Action]) {
        for action in actions {
            if case .decline = action {} else { require(outcome == nil, "nothing happens after the end") }
            switch action {
            case .record(let number, let request):
                require(asked == nil, "one request to the recorder at a time")
                asked = (number, request)
                check(request)
                var answer = RoundMachine.Answer.done
                if case .merge(let round, _) = request {
                    // What is kept is fixed by now: nothing else is asked before this is answered.
                    answer = .merged(roots: 10, failed: 0, interventions: interventions(into: round + 1))
                }
                underway.append(.event(.recorded(number, answer)))
            case .send(let command, let targets):
                for host in targets {
                    require(hosts[host] == nil || hosts[host]?.isLost == false, "nothing is said to a lost host")
                    underway.append(.command(command, to: host))
                }
                check(command, targets)
            case .dismiss(let host, _): hosts[host]?.isLost = true
            case .decline(let request): declined.insert(request)
            case .limitDrain: underway.append(.event(.drainExpired))
            case .end(let end): outcome = end
            }
        }
    }

    private mutating func check(_ request: RoundMachine.Request) {
        switch request {
        case .grant(let granted):
            for lease in granted {
                require(
                    leases[lease.partition].map { $0.epoch < lease.epoch } ?? true,
                    "epochs of partition \(lease.partition) only grow")
            }
            require(Set(granted.map(\.partition)).count == granted.count, "a partition is granted once")
            require(!granted.isEmpty, "what does not change is not written")
            checkBalance(granted)
        case .open(let round, _):
            require(open == nil ? round == closed + 1 : (open == round && !merged), "round \(round) may open")
            require(leases.count == Int(plan.partitions) + 1, "all partitions are granted before a round opens")
        case .merge(let round, _):
            require(open == round, "round \(round) is open")
            let all = (0..<plan.partitions).allSatisfy {
                finishedUnder[$0] != nil && finishedUnder[$0] == leases[$0]
                    && machine.table.leases[Int($0)] == leases[$0]
            }
            require(merged || all, "every partition has finished under its present lease before the merge")
        case .close(let round, _):
            require(open == round && merged, "round \(round) is merged")
            let isNeeded =
                plan.hasEnvironment || plan.interventions.contains(round + 1) || interventions(into: round + 1) > 0
            require(isEnvironmentDone == isNeeded, "the environment takes its turn where it has something to do")
        case .intervene(let request): require(requested.contains(request), "somebody intervened")
        case .pause: require(!isPaused, "a run pauses once")
        case .proceed: require(isPaused, "only a paused run goes on")
        case .finish(let outcome):
            if outcome == .finished { require(closed == plan.rounds, "a finished run has all rounds") }
        }
    }

    private mutating func check(_ command: RoundMachine.Command, _ targets: [UInt32]) {
        switch command {
        case .lease(let map):
            // To somebody who may have missed it the last map is told again, though another may be on its way.
            guard !isRepeating || map.grant > lastMap else {
                require(map.grant == lastMap, "the last map is told again")
                return
            }
            require(map.grant == lastMap + 1, "maps are numbered one after another")
            lastMap = map.grant
            require(map.closedRound == closed, "the map is of the last closed round")
            for lease in map.leases {
                require(leases[lease.partition] == lease, "partition \(lease.partition) is recorded before it is told")
            }
            require(targets.sorted() == present && map.hosts.sorted() == present, "everybody hears of the map")
            if isBalanceDue { checkBalance([]) }
        case .start(let round, let time):
            require(open == round && !merged, "turns run in an open round only")
            require(time == plan.secondsPerRound * Int64(round - 1), "the time of round \(round)")
            require(!isPaused, "no turn starts in a paused run")
        case .environment(let round):
            require(open == round && merged, "the environment's turn follows the merge")
            require(isRepeating || targets.sorted() == present, "everybody answers what it asks")
            require(!isPaused, "no turn starts in a paused run")
        case .drain(let round): require(open == round, "an open round is drained")
        }
    }

    /// What was asked for is durable.
    mutating func endure() {
        guard let what = asked?.what else { return }
        asked = nil
        switch what {
        case .grant(let granted):
            for lease in granted {
                leases[lease.partition] = lease
                finishedUnder[lease.partition] = nil
            }
        case .open(let round, _):
            if open != round { finishedUnder = [:] }
            open = round
        case .merge:
            if !merged { isEnvironmentDone = false }
            merged = true
        case .close(let round, _):
            closed = round
            open = nil
            merged = false
            finishedUnder = [:]
            isBalanceDue = true
        case .intervene(let request):
            let next = (open ?? closed) + (open == nil || merged ? 2 : 1)
            let round = kept[request] ?? next
            kept[request] = round
            require(
                acknowledged[request].map { $0 == round } ?? true, "a request has one round, however often it comes")
            acknowledged[request] = round
        case .pause: isPaused = true
        case .proceed: isPaused = false
        case .finish: break
        }
    }

    /// Kept interventions that take effect with a round.
    func interventions(into round: UInt32) -> UInt64 { UInt64(kept.values.count { $0 == round }) }

    /// After a round has closed nobody has two more than another; at any other time, nobody who was given something.
    mutating func checkBalance(_ granted: [Lease]) {
        var table = leases
        for lease in granted { table[lease.partition] = lease }
        var loads = Dictionary(present.map { ($0, 0) }) { first, _ in first }
        for lease in table.values { loads[lease.host]? += 1 }
        let concerned = isBalanceDue ? Set(loads.keys) : Set(granted.map(\.host))
        isBalanceDue = false
        let most = concerned.compactMap { loads[$0] }.max() ?? 0
        require(most <= (loads.values.min() ?? 0) + 1, "partitions are spread evenly: \(loads)")
        require(granted.allSatisfy { loads[$0.host] != nil }, "only present hosts get partitions")
    }
}
