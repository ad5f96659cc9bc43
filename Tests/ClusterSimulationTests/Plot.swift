import Support

/// What a run is tried with: faults of all kinds, or trouble at the moment at which one promise is at stake.
enum Plot: String, CaseIterable {
    /// Any faults at any time.
    case random
    /// What a host sent is kept on its way until its partitions are another's, and arrives then.
    case zombieHost = "zombie-host"
    /// A coordinator stands still while another one takes over, and goes on then.
    case zombieCoordinator = "zombie-coordinator"
    /// Hosts die while the gateway has answers of theirs that are not durable.
    case keptAnswers = "kept-answers"
    /// Hosts die together with the gateway while outcomes are recorded and their trees are not.
    case recordedAnswers = "recorded-answers"
    /// A host dies together with the gateway while answers of agents who were asked are recorded, and who asked them
    /// may live on elsewhere.
    case askedAnswers = "asked-answers"
    /// A host dies while agents elsewhere answer what its turns asked, and the gateway dies when these turns run again.
    case orphanedAsks = "orphaned-asks"
    /// Hosts die between two pieces of a snapshot, so that some heads are newer than the others.
    case halfSnapshot = "half-snapshot"

    private static let hosts = ["host-1", "host-2"]

    /// The run that a seed makes of it.
    func task(seed: UInt64) -> Campaign.Task {
        if case .random = self {
            // Longer runs load from snapshots that have a past.
            return Campaign.Task(
                name: "random faults",
                seed: seed, plan: .drawn(seed: seed), rounds: seed % 4 == 0 ? 4 : 2)
        }
        var dice = Dice(seed: seed, "plot \(rawValue)")
        var task = Campaign.Task(name: rawValue, seed: seed, plan: .none, plot: self)
        task.plan.modelLatency = dice.one(of: [2_000...20_000, 20_000...100_000, 20_000...400_000])
        task.plan.end = .seconds(10)
        let restart = dice.span(10_000...1_000_000)
        switch self {
        case .random: break
        case .zombieHost:
            let fault = Fault.hold(dice.one(of: Self.hosts), longer: dice.span(0...300_000))
            task.plan.awaited = (.completed, dice.number(1...40), [fault])
        case .zombieCoordinator:
            task.plan.timed = [(dice.span(50_000...700_000), .usurp(dice.span(10_000...1_500_000)))]
        case .keptAnswers:
            let victim = dice.one(of: Self.hosts)
            task.plan.awaited = (.completed, dice.number(1...60), [.crash(victim, restartAfter: restart)])
            task.paysOnce = true
        case .recordedAnswers:
            let victims = dice.one(of: [["host-1"], ["host-2"], Self.hosts]) + ["llm-gateway"]
            task.plan.awaited = (
                .acknowledged, dice.number(1...40), victims.map { .crash($0, restartAfter: restart) }
            )
            task.paysOnce = true
        case .askedAnswers:
            let victims = [dice.one(of: Self.hosts), "llm-gateway"]
            task.plan.awaited = (
                .passiveAcknowledged, dice.number(1...20), victims.map { .crash($0, restartAfter: restart) }
            )
            task.paysOnce = true
        case .orphanedAsks:
            let host = dice.one(of: Self.hosts)
            let gateway = Fault.crash("llm-gateway", restartAfter: dice.span(10_000...200_000))
            // Whoever was asked is still at it when the lease of the dead host is over.
            task.plan.modelLatency = 500_000...6_000_000
            task.plan.end = .seconds(60)
            // At least the host and one of the two that follow.
            task.plan.leastStrikes = 2
            task.plan.awaited = (
                .completed, dice.number(1...60),
                [
                    .crash(host, restartAfter: dice.span(10_000...50_000)),
                    .upon(.inheritedFetched, number: dice.number(1...8), .stall(host, dice.span(200_000...1_500_000))),
                    .upon(.inheritedPassiveAcknowledged, number: dice.number(1...3), gateway),
                ]
            )
            task.paysOnce = true
        case .halfSnapshot:
            task.rounds = 4
            task.plan.awaited = (
                .pieceStored, dice.number(1...6), Self.hosts.map { .crash($0, restartAfter: restart) }
            )
            task.paysOnce = true
        }
        return task
    }
}
