import ClusterLogic
import GRDB
import Hashing
import Model

/// Opens, plans, merges and closes rounds. Nothing moves on the word of a coordinator alone: a round merges when the
/// rows themselves count every planned root turn.
final class RoundWriter {
    private let claims: RowWriter
    private let steps: StepTable
    private let trees: TreeReader
    private let intake: OutcomeIntake
    private let mergedTable: MergedTable
    private let interventions: InterventionTable
    private let insertRound: SQLStatement
    private let insertPlan: SQLStatement
    private let planned: SQLStatement
    private let counted: SQLStatement
    private let remaining: SQLStatement
    private let profileField: SQLStatement
    private let setRemaining: SQLStatement
    private let setMerged: SQLStatement
    private let setClosed: SQLStatement
    private let readRound: SQLStatement
    private let readClaims: SQLStatement

    init(
        _ database: Database, _ ledger: BatchLedger, _ steps: StepTable, _ trees: TreeReader, _ intake: OutcomeIntake,
        _ mergedTable: MergedTable, _ interventions: InterventionTable
    ) throws {
        self.mergedTable = mergedTable
        self.interventions = interventions
        self.steps = steps
        claims = ledger[.claims]
        self.trees = trees
        self.intake = intake
        insertRound = try SQLStatement(
            database, "INSERT INTO rounds (round, time, state, opened_at) VALUES (?, ?, 'open', ?)")
        insertPlan = try SQLStatement(database, "INSERT INTO plans (round, partition, roots) VALUES (?, ?, ?)")
        planned = try SQLStatement(database, "SELECT partition, roots FROM plans WHERE round = ?")
        counted = try SQLStatement(
            database,
            """
            SELECT partition, count(*), sum(failed) FROM trees
            WHERE round = ? AND kind_code <> \(RootKind.environment.rawValue) GROUP BY partition
            """)
        remaining = try SQLStatement(
            database, "SELECT remaining FROM resources WHERE agent = ? AND resource = ?")
        // A profile is a flat JSON object; a key is compared as it is, so that no field name can be a JSON path.
        profileField = try SQLStatement(
            database,
            """
            SELECT field.value FROM agents, json_each(agents.profile) AS field
            WHERE agents.agent = ? AND field.key = ? AND field.type = 'integer'
            """)
        setRemaining = try SQLStatement(
            database, "INSERT OR REPLACE INTO resources (agent, resource, remaining) VALUES (?, ?, ?)")
        setMerged = try SQLStatement(
            database,
            "UPDATE rounds SET state = 'merged', roots = ?, failed = ?, contributions = ? WHERE round = ?")
        setClosed = try SQLStatement(
            database, "UPDATE rounds SET state = 'closed', digest = ?, closed_at = ? WHERE round = ?")
        readRound = try SQLStatement(
            database, "SELECT roots, failed, contributions, digest FROM rounds WHERE round = ?")
        readClaims = try SQLStatement(
            database,
            "SELECT place, n, owner, claimant, resource, amount, granted FROM claims WHERE round = ? ORDER BY id")
    }

    // MARK: - Open and plan

    /// Opens the round after the last closed one. `at` is the time of day in milliseconds.
    func open(_ step: RecordedStep, _ cursor: inout RunCursor, at: Int64) throws {
        try cursor.requireEpoch(step.runEpoch)
        if step.round == cursor.round, cursor.state == .open, step.time == cursor.time { return }
        guard cursor.state == .closed, step.round == cursor.round + 1 else {
            throw RecordRefusal(
                .conflict, "round \(step.round) cannot open: the latest is round \(cursor.round), \(cursor.state)")
        }
        insertRound.bind(1, Int64(step.round))
        insertRound.bind(2, step.time)
        insertRound.bind(3, at)
        try insertRound.run()
        try steps.add(.opened, at: at, epoch: step.runEpoch, round: step.round, number: step.time)
        cursor.round = step.round
        cursor.state = .open
        cursor.time = step.time
    }

    /// Notes how many root turns a partition has.
    func plan(_ plan: RecordedPlan, _ cursor: RunCursor, at: Int64) throws {
        let run = try cursor.requireRun()
        try cursor.requireLease(plan.partition, epoch: plan.epoch)
        guard plan.partition < run.partitions else {
            throw RecordRefusal(.invalid, "partition \(plan.partition) has no root turns to plan")
        }
        func refusal() -> RecordRefusal {
            RecordRefusal(.conflict, "round \(plan.round) takes no plan: it is not open")
        }
        // A merged round takes repetitions: whoever inherits a partition need not know yet that it is merged.
        guard plan.round == cursor.round, cursor.state == .open || cursor.state == .merged else { throw refusal() }
        if let known = try plans(round: plan.round)[plan.partition] {
            guard known == plan.roots else {
                throw RecordRefusal(
                    .conflict,
                    "partition \(plan.partition) planned \(known) root turns before and now \(plan.roots)",
                    advice: "the hosts do not run the same scenario or configuration")
            }
            return
        }
        guard cursor.state == .open else { throw refusal() }
        insertPlan.bind(1, Int64(plan.round))
        insertPlan.bind(2, Int64(plan.partition))
        insertPlan.bind(3, Int64(plan.roots))
        try insertPlan.run()
        try steps.add(
            .planned, at: at, epoch: plan.epoch, round: plan.round, partition: plan.partition,
            number: Int64(plan.roots))
    }

    // MARK: - Merge

    /// Grants the claims of a round whose root turns are all in, and notes which trees change which partition, for the
    /// hosts that ask for it next.
    func merge(_ step: RecordedStep, _ cursor: inout RunCursor, at: Int64) throws -> MergeCounts {
        try cursor.requireEpoch(step.runEpoch)
        guard step.round == cursor.round, step.round > 0 else {
            throw RecordRefusal(.conflict, "round \(step.round) is not the latest, which is \(cursor.round)")
        }
        if cursor.state != .open { return try counts(round: step.round) }
        let roots = try countRoots(cursor)
        try intake.settleAbandoned()
        var contributions: UInt64 = 0
        var place: UInt64 = 0
        var capacities = makeCapacities()
        var merged = MergedIndex()
        let partition = cursor.partition(of:)
        try trees.forEach(round: step.round) { stored in
            let decisions = try capacities.merge(stored.tree, place: place)
            try write(decisions, round: step.round, tree: stored.id)
            merged.add(stored.tree, id: stored.id, granted: decisions.map(\.granted), partition: partition)
            place += 1
            for (_, targeted) in stored.tree.orderedOperations where targeted.target == .environment {
                if case .event = targeted.operation { continue }
                contributions += 1
            }
        }
        try write(capacities)
        try mergedTable.write(merged, round: step.round, partitions: try cursor.requireRun().partitions)
        let counts = MergeCounts(
            roots: roots.all, failed: roots.failed, contributions: contributions,
            interventions: UInt64(try interventions.count(round: step.round + 1)))
        setMerged.bind(1, Int64(counts.roots))
        setMerged.bind(2, Int64(counts.failed))
        setMerged.bind(3, Int64(counts.contributions))
        setMerged.bind(4, Int64(step.round))
        try setMerged.run()
        try steps.add(.merged, at: at, epoch: step.runEpoch, round: step.round, number: Int64(counts.roots))
        cursor.state = .merged
        return counts
    }

    /// Compares what was planned with what has committed, partition by partition.
    private func countRoots(_ cursor: RunCursor) throws -> (all: UInt64, failed: UInt64) {
        let plans = try plans(round: cursor.round)
        let partitions = try cursor.requireRun().partitions
        var committed: [UInt32: UInt32] = [:]
        var failed: UInt64 = 0
        counted.bind(1, Int64(cursor.round))
        while try counted.step() {
            committed[UInt32(clamping: counted.int(0))] = UInt32(clamping: counted.int(1))
            failed += UInt64(clamping: counted.int(2))
        }
        for partition in 0..<partitions {
            guard let roots = plans[partition] else {
                throw RecordRefusal(
                    .conflict, "round \(cursor.round) cannot merge: partition \(partition) has no plan")
            }
            let found = committed[partition] ?? 0
            guard found == roots else {
                throw RecordRefusal(
                    .conflict,
                    "round \(cursor.round) cannot merge: partition \(partition) has \(found) of \(roots) root turns")
            }
        }
        return (committed.values.reduce(0) { $0 + UInt64($1) }, failed)
    }

    private func makeCapacities() -> MergeCapacities {
        MergeCapacities { [remaining, profileField] key in
            for statement in [remaining, profileField] {
                statement.bind(1, Int64(key.owner.number))
                statement.bind(2, key.name)
                if let value = try statement.first({ $0.int(0) }) { return value }
            }
            return 0
        }
    }

    private func write(_ decisions: [ClaimDecision], round: UInt32, tree: Int64) throws {
        for decision in decisions {
            claims.begin()
            claims.add(round)
            claims.add(tree)
            claims.add(Int64(decision.place))
            claims.add(decision.number)
            claims.add(decision.owner.number)
            claims.add(decision.claimant.number)
            claims.add(decision.resource)
            claims.add(decision.amount)
            claims.add(Int64(decision.granted ? 1 : 0))
            try claims.insert()
        }
    }

    private func write(_ capacities: MergeCapacities) throws {
        for (key, value) in capacities.changes {
            setRemaining.bind(1, Int64(key.owner.number))
            setRemaining.bind(2, key.name)
            setRemaining.bind(3, value)
            try setRemaining.run()
        }
    }

    // MARK: - Close

    /// Closes a merged round with its link of the digest chain.
    func close(_ step: RecordedStep, _ cursor: inout RunCursor, at: Int64) throws -> Digest256 {
        try cursor.requireEpoch(step.runEpoch)
        if step.round == cursor.round, cursor.state == .closed, let digest = try digest(round: step.round) {
            return digest
        }
        guard step.round == cursor.round, cursor.state == .merged else {
            throw RecordRefusal(
                .conflict,
                "round \(step.round) cannot close: the latest is round \(cursor.round), \(cursor.state)")
        }
        let environment = try trees.environmentTree(round: step.round)
        let waiting = try interventions.count(round: step.round + 1)
        guard environment != nil || waiting == 0 else {
            throw RecordRefusal(
                .conflict, "round \(step.round) cannot close: \(waiting) interventions wait for the environment's turn")
        }
        if let environment {
            var capacities = makeCapacities()
            let place = try counts(round: step.round).roots
            let decisions = try capacities.merge(environment.tree, place: place)
            try write(decisions, round: step.round, tree: environment.id)
            try write(capacities)
            var index = MergedIndex()
            index.add(
                environment.tree, id: environment.id, granted: decisions.map(\.granted),
                partition: cursor.partition(of:))
            try mergedTable.extend(with: index, round: step.round)
        }
        try intake.settleAbandoned()
        let digests = try trees.digests(round: step.round)
        let digest = roundDigest(
            previous: try previousDigest(round: step.round), round: step.round,
            trees: digests, claims: try claims(round: step.round), environment: environment?.digest)
        setClosed.bind(1, digest.bytes)
        setClosed.bind(2, at)
        setClosed.bind(3, Int64(step.round))
        try setClosed.run()
        try steps.add(.closed, at: at, epoch: step.runEpoch, round: step.round, digest: digest)
        cursor.state = .closed
        return digest
    }

    // MARK: - Rows

    private func plans(round: UInt32) throws -> [UInt32: UInt32] {
        planned.bind(1, Int64(round))
        var plans: [UInt32: UInt32] = [:]
        while try planned.step() { plans[UInt32(clamping: planned.int(0))] = UInt32(clamping: planned.int(1)) }
        return plans
    }

    private func counts(round: UInt32) throws -> MergeCounts {
        readRound.bind(1, Int64(round))
        let counts = try readRound.first {
            MergeCounts(
                roots: UInt64(clamping: $0.int(0)), failed: UInt64(clamping: $0.int(1)),
                contributions: UInt64(clamping: $0.int(2)))
        }
        guard var counts else { throw RecordRefusal(.conflict, "round \(round) has not been opened") }
        counts.interventions = UInt64(try interventions.count(round: round + 1))
        return counts
    }

    private func digest(round: UInt32) throws -> Digest256? {
        readRound.bind(1, Int64(round))
        return try readRound.first { Digest256(bytes: $0.blob(3)) } ?? nil
    }

    private func previousDigest(round: UInt32) throws -> Digest256 {
        guard round > 1 else { return .zero }
        guard let digest = try digest(round: round - 1) else {
            throw StorageFailure.damaged("round \(round - 1) is closed and has no digest")
        }
        return digest
    }

    private func claims(round: UInt32) throws -> [ClaimDecision] {
        readClaims.bind(1, Int64(round))
        var found: [ClaimDecision] = []
        while try readClaims.step() { found.append(ClaimDecision(readClaims)) }
        return found
    }
}

extension ClaimDecision {
    /// A decision as it stands in a row of place, n, owner, claimant, resource, amount, granted.
    init(_ row: SQLStatement) {
        self.init(
            place: UInt64(clamping: row.int(0)), number: UInt32(clamping: row.int(1)),
            owner: AgentID(number: UInt32(clamping: row.int(2))),
            claimant: AgentID(number: UInt32(clamping: row.int(3))), resource: row.text(4), amount: row.int(5),
            granted: row.int(6) != 0)
    }
}
