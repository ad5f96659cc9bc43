import ClusterLogic
import Hashing
import Testing

/// Plays recorder and hosts for a round machine, delivers in any order, and checks each action against what may
/// happen at that point.
struct FakeCluster {
    var machine: RoundMachine
    let plan: RunPlan
    var generator: SeededGenerator
    /// Events that will arrive, in no particular order.
    var underway: [RoundMachine.Event] = []
    var recorderBusy = false
    var closed: UInt32
    var open: UInt32?
    var merged: Bool
    var finishedIn: Set<UInt32> = []
    var outcome: RunOutcome?
    var finishes = 0

    init(plan: RunPlan, seed: UInt64) {
        self.plan = plan
        machine = RoundMachine(plan: plan)
        generator = SeededGenerator(seed: seed)
        closed = plan.closedRound
        open = plan.openRound
        merged = plan.merged
    }

    mutating func registerAll() {
        for number in 0..<plan.hosts {
            guard case .accepted(_, let actions) = machine.register(name: "host-\(number)", incarnation: 1) else {
                Issue.record("a host of the run was refused")
                return
            }
            perform(actions)
        }
    }

    /// Delivers until nothing is underway or the run has ended.
    mutating func run(disturbance: RoundMachine.Event? = nil, after steps: Int = .max) {
        var count = 0
        while outcome == nil {
            if count == steps, let disturbance { perform(machine.handle(disturbance)) }
            count += 1
            guard outcome == nil, !underway.isEmpty else { return }
            let index = Int(generator.next() % UInt64(underway.count))
            let event = underway.remove(at: index)
            if isReply(event) { recorderBusy = false }
            perform(machine.handle(event))
            // Everything may come twice.
            if generator.next() % 4 == 0 { perform(machine.handle(event)) }
        }
    }

    private func isReply(_ event: RoundMachine.Event) -> Bool {
        switch event {
        case .leasesRecorded, .roundOpened, .roundMerged, .roundClosed, .runFinished: true
        default: false
        }
    }

    private mutating func ask(_ reply: RoundMachine.Event) {
        #expect(!recorderBusy, "one request to the recorder at a time")
        recorderBusy = true
        underway.append(reply)
    }

    mutating func perform(_ actions: [RoundMachine.Action]) {
        for action in actions {
            #expect(outcome == nil, "nothing happens after the end")
            switch action {
            case .recordLeases(let leases):
                #expect(leases.map(\.partition) == Array(0...plan.partitions))
                ask(.leasesRecorded)
            case .openRound(let round, _):
                #expect(open == nil ? round == closed + 1 : (open == round && !merged))
                open = round
                ask(.roundOpened(round))
            case .mergeRound(let round, _):
                #expect(open == round)
                #expect(merged || finishedIn.count == plan.hosts, "every host has finished before the merge")
                merged = true
                ask(.roundMerged(round, roots: 10, failed: 0))
            case .closeRound(let round, _):
                #expect(open == round && merged)
                ask(.roundClosed(round))
                closed = round
                open = nil
                merged = false
                finishedIn = []
            case .finishRun(let outcome):
                finishes += 1
                #expect(finishes == 1)
                if outcome == .finished { #expect(closed == plan.rounds) }
                ask(.runFinished)
            case .limitDrain: underway.append(.drainExpired)
            case .end(let end): outcome = end
            case .send(let command, let hosts): for host in hosts { tell(command, host) }
            }
        }
    }

    private mutating func tell(_ command: RoundMachine.Command, _ host: UInt32) {
        switch command {
        case .lease(let round): underway.append(.step(.ready, host: host, round: round))
        case .start(let round, let time):
            #expect(open == round && !merged, "turns run in an open round only")
            #expect(time == plan.secondsPerRound * Int64(round - 1))
            finishedIn.insert(host)
            underway.append(.step(.roundFinished, host: host, round: round))
        case .environment(let round):
            #expect(open == round && merged)
            underway.append(.step(.environmentFinished, host: host, round: round))
        case .advance(let round):
            #expect(closed == round && open == nil)
            underway.append(.step(.advanced, host: host, round: round))
        case .drain(let round): underway.append(.step(.drained, host: host, round: round))
        }
    }
}

/// A plan of three rounds, changed where a test says so.
func plan(
    hosts: Int = 3, rounds: UInt32 = 3, hasEnvironment: Bool = true, closedRound: UInt32 = 0,
    openRound: UInt32? = nil, merged: Bool = false
) -> RunPlan {
    RunPlan(
        hosts: hosts, partitions: 16, rounds: rounds, runEpoch: 4, secondsPerRound: 86_400,
        hasEnvironment: hasEnvironment, toleratedFailures: 50_000, closedRound: closedRound, openRound: openRound,
        merged: merged)
}
