import ClusterLogic

/// A machine and what it has asked for so far, for tests that go step by step.
struct Course {
    var machine: RoundMachine
    var actions: [RoundMachine.Action] = []
    private var number: UInt64 = 0
    /// What the recorder is asked for and has not answered.
    private(set) var asked: RoundMachine.Request?

    /// A machine whose hosts, `host-0` and so on, have all registered.
    init(_ plan: RunPlan) {
        machine = RoundMachine(plan: plan)
        for number in 0..<plan.hosts { register("host-\(number)") }
    }

    @discardableResult mutating func register(_ name: String, incarnation: UInt64 = 7) -> RoundMachine.Registration {
        let registration = machine.register(name: name, incarnation: incarnation)
        if case .accepted(_, let actions) = registration { note(actions) }
        return registration
    }

    mutating func handle(_ event: RoundMachine.Event) { note(machine.handle(event)) }

    /// The recorder answers.
    mutating func answer(_ answer: RoundMachine.Answer = .done) {
        asked = nil
        handle(.recorded(number, answer))
    }

    mutating func ready(_ host: UInt32) {
        guard let map = toldMap else { return }
        handle(.report(.ready(grant: map.grant, round: map.closedRound), host: host))
    }

    /// These partitions finish under their present leases.
    mutating func finish(_ partitions: [Int]) {
        guard case .running(let round) = machine.stage else { return }
        for partition in partitions {
            let lease = machine.table.leases[partition]
            handle(.report(.finished(round: round, leases: [lease]), host: lease.host))
        }
    }

    mutating func finishAll() { finish(Array(0..<machine.table.leases.count - 1)) }

    /// Plays until the turns of the round run.
    mutating func playToRound(_ round: UInt32) {
        while machine.stage != .running(round) {
            if case .merge = asked {
                answer(.merged(roots: 1, failed: 0))
            } else if asked != nil {
                answer()
            } else if case .environment(let current) = machine.stage, let holder = machine.table.environmentHolder {
                handle(.report(.environmentFinished(round: current), host: holder))
            } else if machine.stage == .loading {
                for host in machine.present { ready(host) }
            } else {
                finishAll()
            }
        }
    }

    /// The last map that hosts were told.
    var toldMap: LeaseMap? {
        for case .send(.lease(let map), _) in actions.reversed() { return map }
        return nil
    }

    /// The commands since `actions` was emptied, with those who got them.
    var commands: [(command: RoundMachine.Command, hosts: [UInt32])] {
        actions.compactMap { if case .send(let command, let hosts) = $0 { (command, hosts) } else { nil } }
    }

    private mutating func note(_ new: [RoundMachine.Action]) {
        actions += new
        for case .record(let number, let what) in new { (self.number, asked) = (number, what) }
    }
}
