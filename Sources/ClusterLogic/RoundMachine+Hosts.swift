extension RoundMachine {
    /// A host wants to take part, or says again that it does.
    public mutating func register(name: String, incarnation: UInt64) -> Registration {
        if let known = hosts.firstIndex(where: { $0.name == name && $0.incarnation == incarnation }) {
            guard !hosts[known].isLost else {
                return .fenced(reason: "this start of the host \(name) has lost its part in the run")
            }
            let host = UInt32(known)
            return .accepted(host: host, actions: commands(for: host, all: true))
        }
        guard host(named: name) == nil else {
            return .later(reason: "a host of the name \(name) is alive")
        }
        guard ending == nil, hosts.count < Self.mostHosts else { return .later(reason: "the run takes no more hosts") }
        hosts.append(Host(name: name, incarnation: incarnation))
        return .accepted(host: UInt32(hosts.count - 1), actions: settle())
    }

    /// What the host should be doing now and has not reported yet: for one whose commands may have been lost on the
    /// way. With `all`, the map, too, even if the host has it.
    public func commands(for host: UInt32, all: Bool = false) -> [Action] {
        if case .ended = stage { return [] }
        guard isPresent(host), hosts[Int(host)].told > 0, let map else { return [] }
        let known = hosts[Int(host)]
        var commands: [Command] = []
        if all || known.ready < map.grant { commands.append(.lease(map)) }
        switch stage {
        case .running(let round) where isUnderWay && (all || !hasFinished(host)): commands.append(start(round))
        case .environment(let round) where isUnderWay && !isEnvironmentDone:
            commands.append(.environment(round: round))
        case .draining(let round, let waiting) where waiting.contains(host): commands.append(.drain(round: round))
        default: break
        }
        return commands.map { .send($0, to: [host]) }
    }

    /// Notes what a host that takes part reports. What does not belong to the present stage, round, map or lease is an
    /// echo.
    mutating func take(_ report: Report, from host: UInt32) {
        switch (report, stage) {
        case (.ready(let grant, let round), _):
            guard let map, grant == map.grant, round == map.closedRound, hosts[Int(host)].told == grant else { return }
            hosts[Int(host)].ready = grant
        case (.finished(let round, let leases), _):
            // At any stage: what was in flight when the run paused is told only once.
            guard round == openRound, !merged, !table.leases.isEmpty else { return }
            for lease in leases where lease.host == host && lease.partition < plan.partitions {
                guard table.leases[Int(lease.partition)] == lease else { continue }
                if finished.insert(lease.partition).inserted { dismissals = 0 }
            }
        case (.environmentFinished(let round), .environment(let current)):
            if round == current, isUnderWay, host == table.environmentHolder { isEnvironmentDone = true }
        case (.drained(let round), .draining(let current, var waiting)) where round == current:
            waiting.remove(host)
            stage = .draining(current, waiting: waiting)
        default: return
        }
    }

    /// A host is gone, with all that it held.
    mutating func lose(_ host: UInt32) {
        guard isPresent(host) else { return }
        hosts[Int(host)].isLost = true
        for lease in table.leases where lease.host == host {
            finished.remove(lease.partition)
            hasOrphans = true
        }
        switch stage {
        case .draining(let round, var waiting):
            waiting.remove(host)
            stage = .draining(round, waiting: waiting)
        case .environment where table.environmentHolder == host: isUnderWay = false
        default: break
        }
    }

    /// A host cannot go on.
    mutating func fail(_ host: UInt32, _ reason: String, local: Bool) -> [Action] {
        guard isPresent(host) else { return [] }
        guard ending == nil else {
            // A host that cannot go on has nothing left to drain: waiting for it would never end.
            if case .draining(let round, var waiting) = stage {
                waiting.remove(host)
                stage = .draining(round, waiting: waiting)
            }
            return []
        }
        guard local else { return stop(.failed(reason), drains: true) }
        lose(host)
        dismissals += 1
        let dismissal = Action.dismiss(host, reason: reason)
        guard dismissals >= Self.longestSeriesOfDismissals else { return [dismissal] }
        return [dismissal] + stop(.failed(reason), drains: true)
    }

    private func hasFinished(_ host: UInt32) -> Bool {
        table.leases.allSatisfy {
            $0.host != host || $0.partition >= plan.partitions || finished.contains($0.partition)
        }
    }
}
