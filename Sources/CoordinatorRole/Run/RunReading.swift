import ClusterLogic

/// How a run is at one moment, for its metrics.
struct RunReading: Sendable {
    var round: UInt32
    var closedRound: UInt32
    var rounds: UInt32
    var phase: String
    var hosts: Int
    var hostsWanted: Int
    var totals: ProgressBoard.Totals
    var processesLost: UInt64
}

extension RunPlay {
    /// How the run is.
    var reading: RunReading {
        RunReading(
            round: board.round, closedRound: machine.closedRound, rounds: plan.rounds, phase: board.phase,
            hosts: peers.count, hostsWanted: plan.hosts, totals: board.totals, processesLost: processesLost)
    }
}
