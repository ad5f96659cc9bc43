import GRDB
import Hashing
import Model

/// Writes the run's record, its epochs, its population and its files.
final class RunWriter {
    private let runs: RowWriter
    private let agents: RowWriter
    private let files: RowWriter
    private let steps: StepTable
    private let setEpoch: SQLStatement
    private let setLease: SQLStatement
    private let setEnding: SQLStatement
    private let setDuplicates: SQLStatement
    private let findFile: SQLStatement
    private let findAgent: SQLStatement
    private let objectCheck: SQLStatement

    init(_ database: Database, _ ledger: BatchLedger, _ steps: StepTable) throws {
        self.steps = steps
        runs = ledger[.runs]
        agents = ledger[.agents]
        files = ledger[.files]
        setEpoch = try SQLStatement(
            database, "UPDATE runs SET epoch = ?, rounds = ?, owner = ?, ending = NULL, reason = NULL")
        setLease = try SQLStatement(
            database, "INSERT OR REPLACE INTO partitions (partition, epoch, host) VALUES (?, ?, ?)")
        setEnding = try SQLStatement(database, "UPDATE runs SET ending = ?, reason = ?")
        setDuplicates = try SQLStatement(database, "UPDATE runs SET duplicates = ?")
        findFile = try SQLStatement(database, "SELECT bytes FROM files WHERE hash = ?")
        findAgent = try SQLStatement(
            database, "SELECT id, type, partition, profile FROM agents WHERE agent = ?")
        objectCheck = try SQLStatement(
            database, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) = 'object' ELSE 0 END")
    }

    /// Writes the run's record; only one fits a recording.
    func create(name: String, definition: [UInt8], _ cursor: inout RunCursor, at: Int64) throws {
        if let run = cursor.run {
            guard run.name == name, run.definition == definition, cursor.epoch == 0 else {
                throw RecordRefusal(
                    .conflict, "the recording already holds the run \(run.name)",
                    advice: "resume that run or choose another folder")
            }
            return
        }
        guard let decoded = try? RunDefinition(packed: definition), decoded.run == name, decoded.partitions > 0 else {
            throw RecordRefusal(.invalid, "the run's definition cannot be read, or speaks of another run")
        }
        runs.begin()
        runs.add(name)
        runs.add(definition)
        runs.add(String(decoded.seed))
        runs.add(decoded.partitions)
        runs.add(decoded.programVersion)
        runs.add(decoded.model)
        runs.add(decoded.embeddingModel)
        runs.add(decoded.embeddingDimension)
        runs.add(decoded.configuration)
        runs.add(at)
        try runs.insert()
        try steps.add(.created, at: at)
        cursor.run = try RunCursor.run(name: name, definition: definition)
    }

    /// Gives the run to a new coordinator. The same coordinator may ask again, because its first answer can be lost;
    /// to another one the epoch is refused: two coordinators might both believe to have it.
    func raise(epoch: UInt64, rounds: UInt32, owner: UInt64, _ cursor: inout RunCursor, at: Int64) throws {
        _ = try cursor.requireRun()
        // The scenario may have ended the run meanwhile, with fewer rounds than its coordinator knows of.
        let isEnded = cursor.state == .closed && cursor.rounds == cursor.round && cursor.rounds < rounds
        if epoch > 0, epoch == cursor.epoch, owner == cursor.owner, rounds == cursor.rounds || isEnded { return }
        guard epoch == cursor.epoch + 1 else {
            throw RecordRefusal(
                .conflict, "epoch \(epoch) does not follow the run's epoch \(cursor.epoch)",
                advice: "load the run again and raise its epoch by one")
        }
        setEpoch.bind(1, Int64(bitPattern: epoch))
        setEpoch.bind(2, Int64(rounds))
        setEpoch.bind(3, Int64(bitPattern: owner))
        try setEpoch.run()
        try steps.add(.raised, at: at, epoch: epoch, number: Int64(rounds), holder: owner)
        cursor.epoch = epoch
        cursor.owner = owner
        cursor.rounds = rounds
    }

    /// Writes leases; each epoch is higher than the partition's last, or the lease is the same again.
    func grant(runEpoch: UInt64, leases: [Lease], _ cursor: inout RunCursor, at: Int64) throws {
        let run = try cursor.requireRun()
        try cursor.requireEpoch(runEpoch)
        for lease in leases {
            guard lease.partition <= run.partitions else {
                throw RecordRefusal(.invalid, "partition \(lease.partition) does not exist")
            }
            guard let last = cursor.leases[lease.partition], last != lease else { continue }
            guard lease.epoch > last.epoch else {
                throw RecordRefusal(
                    .conflict,
                    "epoch \(lease.epoch) is not higher than \(last.epoch), the last of partition \(lease.partition)")
            }
        }
        for lease in leases where cursor.leases[lease.partition] != lease {
            setLease.bind(1, Int64(lease.partition))
            setLease.bind(2, Int64(bitPattern: lease.epoch))
            setLease.bind(3, Int64(lease.host))
            try setLease.run()
            try steps.add(
                .granted, at: at, epoch: lease.epoch, round: cursor.round, partition: lease.partition,
                holder: UInt64(lease.host))
            cursor.leases[lease.partition] = lease
        }
    }

    /// Writes a page of the population, which continues the last one or repeats an earlier one.
    func record(_ page: [RecordedAgent], _ cursor: inout RunCursor) throws {
        let run = try cursor.requireRun()
        guard cursor.round == 0 else {
            throw RecordRefusal(.conflict, "the population is fixed once the first round has opened")
        }
        var next = cursor.agentPartitions.count
        for agent in page {
            guard agent.partition == partition(ofAgent: agent.id, partitions: run.partitions) else {
                throw RecordRefusal(.invalid, "agent \(agent.agent) is not in the partition that its id leads to")
            }
            guard try isObject(agent.profile) else {
                throw RecordRefusal(.invalid, "the profile of agent \(agent.agent) is no JSON object")
            }
            if agent.agent.number < next {
                try checkSame(agent)
            } else {
                guard Int(agent.agent.number) == next else {
                    throw RecordRefusal(
                        .invalid, "agent number \(agent.agent.number) came where \(next) was due",
                        advice: "send the population in the order of its numbers")
                }
                next += 1
            }
        }
        for agent in page where Int(agent.agent.number) == cursor.agentPartitions.count {
            agents.begin(id: Int64(agent.agent.number))
            agents.add(agent.id)
            agents.add(agent.type)
            agents.add(agent.partition)
            agents.add(agent.profile)
            try agents.insert()
            cursor.agentPartitions.append(agent.partition)
        }
    }

    private func isObject(_ profile: String) throws -> Bool {
        objectCheck.bind(1, profile)
        return try objectCheck.first { $0.int(0) != 0 } ?? false
    }

    private func checkSame(_ agent: RecordedAgent) throws {
        findAgent.bind(1, Int64(agent.agent.number))
        let known = try findAgent.first { row in
            RecordedAgent(
                agent: agent.agent, id: row.text(0), type: row.text(1), partition: UInt32(clamping: row.int(2)),
                profile: row.text(3))
        }
        // An agent that is earlier on the same page has no row yet.
        if let known, known != agent {
            throw RecordRefusal(.conflict, "agent \(agent.agent) was recorded before with another content")
        }
    }

    /// Keeps a file, once by content.
    func store(name: String, bytes: [UInt8]) throws {
        let hash = blobHash(bytes)
        findFile.bind(1, hash.bytes)
        if try findFile.first({ _ in true }) != nil { return }
        files.begin()
        files.add(hash.bytes)
        files.add(name)
        files.add(bytes)
        try files.insert()
    }

    /// A file by its content address.
    func file(_ hash: Digest256) throws -> [UInt8] {
        findFile.bind(1, hash.bytes)
        guard let bytes = try findFile.first({ $0.blob(0) }) else {
            throw RecordRefusal(.notFound, "no file has the content \(hash)")
        }
        return bytes
    }

    /// Notes how the run ended, for now.
    func finish(runEpoch: UInt64, ending: String, reason: String, _ cursor: RunCursor, at: Int64) throws {
        try cursor.requireEpoch(runEpoch)
        guard StepTable.Kind(rawValue: ending) == nil else {
            throw RecordRefusal(.invalid, "a run cannot end as \(ending)")
        }
        try steps.add(ending: ending, reason: reason, at: at, epoch: runEpoch, round: cursor.round)
        setEnding.bind(1, ending)
        setEnding.bind(2, reason)
        try setEnding.run()
    }

    /// Notes how many outcomes arrived again.
    func note(duplicates: Int64) throws {
        setDuplicates.bind(1, duplicates)
        try setDuplicates.run()
    }
}
