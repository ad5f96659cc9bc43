import GRDB
import Hashing
import Model

/// Where the run stands: a copy in memory of the few rows that every request is checked against.
struct RunCursor {
    /// The run's record.
    struct Run {
        var name: String
        var definition: [UInt8]
        var seed: RunSeed
        var partitions: UInt32
        /// Components of its vectors.
        var embeddingDimension: UInt32
    }

    /// The states of the latest round.
    enum RoundState: String {
        case open, merged, closed
    }

    /// The run, nil before there is one.
    var run: Run?
    /// The last epoch given to a coordinator.
    var epoch: UInt64 = 0
    /// The coordinator that this epoch was given to: its incarnation.
    var owner: UInt64 = 0
    /// Rounds that the run should have.
    var rounds: UInt32 = 0
    /// The latest round, 0 before the first.
    var round: UInt32 = 0
    /// Its state; a run before its first round counts as closed.
    var state = RoundState.closed
    /// Simulated time at the start of the latest round.
    var time: Int64 = 0
    /// Epoch and holder of each partition.
    var leases: [UInt32: Lease] = [:]
    /// Partition of each agent, by number.
    var agentPartitions: [UInt32] = []
    /// Outcomes that arrived again.
    var duplicates: Int64 = 0

    init(_ database: Database) throws {
        let row = try SQLStatement(
            database, "SELECT name, definition, epoch, rounds, duplicates, owner FROM runs"
        ).first { ($0.text(0), $0.blob(1), $0.int(2), $0.int(3), $0.int(4), $0.int(5)) }
        guard let row else { return }
        run = try RunCursor.run(name: row.0, definition: row.1)
        epoch = UInt64(bitPattern: row.2)
        rounds = UInt32(clamping: row.3)
        duplicates = row.4
        owner = UInt64(bitPattern: row.5)
        let latest = try SQLStatement(
            database, "SELECT round, state, time FROM rounds ORDER BY round DESC LIMIT 1"
        ).first { ($0.int(0), $0.text(1), $0.int(2)) }
        if let latest {
            round = UInt32(clamping: latest.0)
            guard let known = RoundState(rawValue: latest.1) else {
                throw StorageFailure.damaged("round \(round) has a state that does not exist")
            }
            state = known
            time = latest.2
        }
        let leaseRows = try SQLStatement(database, "SELECT partition, epoch, host FROM partitions")
        while try leaseRows.step() {
            let lease = Lease(
                partition: UInt32(clamping: leaseRows.int(0)), epoch: UInt64(bitPattern: leaseRows.int(1)),
                host: UInt32(clamping: leaseRows.int(2)))
            leases[lease.partition] = lease
        }
        let agentRows = try SQLStatement(database, "SELECT partition FROM agents ORDER BY agent")
        while try agentRows.step() { agentPartitions.append(UInt32(clamping: agentRows.int(0))) }
    }

    /// A run's record from its packed definition.
    static func run(name: String, definition: [UInt8]) throws -> Run {
        let decoded = try RunDefinition(packed: definition)
        return Run(
            name: name, definition: definition, seed: RunSeed(decoded.seed), partitions: decoded.partitions,
            embeddingDimension: decoded.embeddingDimension)
    }

    /// Last closed round, 0 before the first.
    var closedRound: UInt32 { state == .closed ? round : round - 1 }

    /// The run, or a refusal where there is none.
    func requireRun() throws -> Run {
        guard let run else {
            throw RecordRefusal(.notFound, "the recording holds no run", advice: "create the run first")
        }
        return run
    }

    /// Refuses a coordinator of another epoch.
    func requireEpoch(_ claimed: UInt64) throws {
        _ = try requireRun()
        guard claimed == epoch else {
            throw RecordRefusal(
                .fenced, "the coordinator writes under epoch \(claimed), the run is at \(epoch)",
                advice: "another coordinator has taken over")
        }
    }

    /// Refuses a holder whose lease is not the current one.
    func requireLease(_ partition: UInt32, epoch claimed: UInt64) throws {
        guard let lease = leases[partition] else {
            throw RecordRefusal(.fenced, "partition \(partition) has not been granted to anyone")
        }
        guard lease.epoch == claimed else {
            throw RecordRefusal(
                .fenced, "partition \(partition) is at epoch \(lease.epoch), the request says \(claimed)",
                advice: "the partition has another holder now")
        }
    }

    /// The partition of an agent or of the environment; nil for an agent outside of the population.
    func partition(of agent: AgentID) -> UInt32? {
        if agent == .environment { return run?.partitions }
        return agent.number < agentPartitions.count ? agentPartitions[Int(agent.number)] : nil
    }
}
