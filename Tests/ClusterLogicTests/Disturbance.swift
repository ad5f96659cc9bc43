import ClusterLogic

/// What can go wrong with a cluster, or be wanted of it.
enum Disturbance: CaseIterable {
    case lose, loseHeir, restart, join, registerAgain, zombie, reconnect, giveUp, pause, proceed, intervene,
        interveneAgain
}

extension FakeCluster {
    /// Plays with so many disturbances in between, then in peace, to its end.
    mutating func run(disturbances: Int, _ kinds: [Disturbance] = Disturbance.allCases) {
        var left = disturbances
        while left > 0, outcome == nil {
            if generator.below(4) == 0 || underway.isEmpty {
                left -= 1
                disturb(kinds[generator.below(kinds.count)])
            } else {
                _ = deliver()
            }
        }
        perform(machine.handle(.continueRequested))
        // A run that only has its ending left to be written takes no hosts any more, and needs none.
        while outcome == nil, machine.ending == nil, present.count < (machine.stage == .registering ? plan.hosts : 1) {
            join("last-\(names)")
        }
        run()
    }

    mutating func disturb(_ kind: Disturbance) {
        let present = present
        let anyone = present.isEmpty ? nil : present[generator.below(present.count)]
        switch kind {
        case .lose: if let anyone { lose(anyone) }
        case .loseHeir:
            // The last to get something, if its lease is not even recorded.
            if case .grant(let leases) = asked?.what, let heir = leases.last?.host { lose(heir) }
        case .restart:
            let lost = hosts.values.filter(\.isLost).map(\.name).sorted()
            if !lost.isEmpty { join(lost[generator.below(lost.count)]) }
        case .join: if present.count < 6 { join("more-\(names)") }
        case .registerAgain: if let anyone { registerAgain(anyone) }
        case .zombie:
            let lost = hosts.filter(\.value.isLost).keys.sorted()
            guard !lost.isEmpty else { return }
            let zombie = lost[generator.below(lost.count)]
            registerAgain(zombie)
            let held = hosts[zombie]?.map?.leases.filter { $0.host == zombie } ?? []
            underway.append(.event(.report(.finished(round: open ?? 1, leases: held), host: zombie)))
            underway.append(.event(.report(.environmentFinished(round: open ?? 1), host: zombie)))
        case .reconnect: if let anyone { reconnect(anyone) }
        case .giveUp:
            // A third in a row would end the run, which has a test of its own.
            if let anyone, surrenders < 2 {
                surrenders += 1
                perform(machine.handle(.hostFailed(host: anyone, reason: "no way", local: true)))
            }
        case .pause: perform(machine.handle(.pauseRequested))
        case .proceed: perform(machine.handle(.continueRequested))
        case .intervene: intervene(again: false)
        case .interveneAgain: intervene(again: true)
        }
    }
}
