import GRDB
import Hashing
import Model

/// Writes trees: everything that a commit is checked against, then its rows, in the transaction of the batch.
final class CommitWriter {
    private let trees: RowWriter
    private let rows: TreeRows
    private let tables: OutcomeTables
    private let intake: OutcomeIntake
    private let existing: SQLStatement
    private let settleTurn: SQLStatement
    private let agentID: SQLStatement
    private let segments: SegmentTable

    init(
        _ database: Database, _ ledger: BatchLedger, rows: TreeRows, tables: OutcomeTables, intake: OutcomeIntake,
        segments: SegmentTable
    ) throws {
        trees = ledger[.trees]
        self.rows = rows
        self.tables = tables
        self.intake = intake
        self.segments = segments
        existing = try SQLStatement(database, "SELECT digest FROM trees WHERE round = ? AND merge_order = ?")
        settleTurn = try SQLStatement(
            database,
            "UPDATE turns SET agent = ifnull(?, agent), kind_code = ?, parent = ?, n = ?, status_code = ? WHERE id = ?")
        agentID = try SQLStatement(database, "SELECT id FROM agents WHERE agent = ?")
    }

    /// Commits a tree, or says why not.
    func commit(_ commit: TreeCommit, _ cursor: RunCursor) throws -> RecordReply {
        let run = try cursor.requireRun()
        try cursor.requireLease(commit.partition, epoch: commit.epoch)
        let digest = Tree.digest(ofPacked: commit.tree)
        let order = run.seed.mergeOrder(round: commit.round, root: commit.root)
        existing.bind(1, Int64(commit.round))
        existing.bind(2, order)
        if let found = try existing.first({ Digest256(bytes: $0.blob(0)) }) {
            if found == digest { return .duplicate }
            throw RecordRefusal(
                .conflict, "root turn \(commit.root) has committed another tree in round \(commit.round)",
                advice: "load the partition's state and go on from there")
        }
        let tree = try decode(commit)
        try check(tree, of: commit, cursor)
        switch OpenRoot.mismatch(commit.outcomes, with: intake.open[commit.root]) {
        case .missing(let names): return .missing(names)
        case .differing: return .rerun
        case nil: break
        }
        try write(tree, commit, order: order, digest: digest)
        return .committed
    }

    // MARK: - Checks

    private func decode(_ commit: TreeCommit) throws -> Tree {
        guard let tree = try? Tree(packed: commit.tree), tree.packed() == commit.tree else {
            throw RecordRefusal(.invalid, "the tree of root turn \(commit.root) is not in its canonical form")
        }
        return tree
    }

    private func check(_ tree: Tree, of commit: TreeCommit, _ cursor: RunCursor) throws {
        guard tree.round == commit.round else {
            throw RecordRefusal(
                .invalid, "a commit for round \(commit.round) carries a tree of round \(tree.round)")
        }
        guard commit.round == cursor.round, cursor.state == (tree.kind == .environment ? .merged : .open) else {
            throw RecordRefusal(
                .conflict, "round \(commit.round) takes no commits of this kind now",
                advice: "the latest round is \(cursor.round), \(cursor.state)")
        }
        guard cursor.partition(of: tree.root.agent) == commit.partition else {
            throw RecordRefusal(
                .invalid, "agent \(tree.root.agent) is not in partition \(commit.partition)")
        }
        try checkIdentity(tree, commit)
        try checkTurns(tree, commit, cursor)
    }

    private func checkIdentity(_ tree: Tree, _ commit: TreeCommit) throws {
        let agent = tree.root.agent
        guard (tree.kind == .environment) == (agent == .environment) else {
            throw RecordRefusal(.invalid, "the environment's turn belongs to the environment alone")
        }
        agentID.bind(1, Int64(agent.number))
        let id = try agent == .environment ? agent.description : agentID.first { $0.text(0) } ?? ""
        guard commit.root == TurnID.root(round: commit.round, kind: tree.kind, agent: id) else {
            throw RecordRefusal(.invalid, "root turn \(commit.root) is not the one of agent \(agent)")
        }
    }

    /// Paths lead to turns that are there, failed turns change nothing, targets exist, and every LLM outcome that a
    /// turn used is among those named.
    private func checkTurns(_ tree: Tree, _ commit: TreeCommit, _ cursor: RunCursor) throws {
        var results: [CallID: Digest128] = [:]
        for name in commit.outcomes { results[name.call] = name.result }
        var alive: [[UInt32]: Bool] = [:]
        for turn in tree.turns {
            let parent = turn.path.isEmpty ? true : alive[Array(turn.path.dropLast())]
            guard let parent, alive[turn.path] == nil else {
                throw RecordRefusal(.invalid, "a turn of root \(commit.root) hangs in the air or is there twice")
            }
            let isAlive = parent && turn.failure == nil
            alive[turn.path] = isAlive
            // Interventions stand although the environment's own part of its turn failed.
            let mayIntervene = tree.kind == .environment && turn.path.isEmpty
            guard isAlive || turn.operations.isEmpty || mayIntervene else {
                throw RecordRefusal(.invalid, "a failed turn of root \(commit.root) changes something")
            }
            guard turn.operations.allSatisfy({ cursor.partition(of: $0.target) != nil }) else {
                throw RecordRefusal(.invalid, "a turn of root \(commit.root) changes an agent that does not exist")
            }
            let identity = turn.turn(under: commit.root)
            for use in turn.outcomes
            where results[CallID(turn: identity, number: use.number)] != use.result {
                throw RecordRefusal(
                    .invalid, "call \(use.number) of a turn of root \(commit.root) is used and not named")
            }
        }
    }

    // MARK: - Rows

    private func write(_ tree: Tree, _ commit: TreeCommit, order: Digest128, digest: Digest256) throws {
        let state = intake.open[commit.root]
        let rootRow =
            try state?.row
            ?? tables.insertTurn(
                commit.root, root: nil, round: commit.round, partition: commit.partition, agent: tree.root.agent,
                kind: Int64(tree.kind.rawValue))
        trees.begin()
        trees.add(rootRow)
        trees.add(commit.round)
        trees.add(commit.partition)
        trees.add(Int64(tree.kind.rawValue))
        trees.add(Int64(tree.root.failure == nil ? 0 : 1))
        trees.add(order)
        trees.add(digest.bytes)
        trees.add(JSONText.of(numbers: state?.embeddingRows(of: commit.outcomes) ?? []))
        trees.add(try TreeStorage.stored(commit.tree, segment: segments.id(of:)))
        try trees.insert()

        var rowOf: [[UInt32]: (row: Int64, turn: TurnID)] = [:]
        var unused = state?.turns ?? [:]
        for turn in tree.turns {
            let parent = turn.path.isEmpty ? nil : rowOf[Array(turn.path.dropLast())]
            let identity = turn.path.last.flatMap { parent?.turn.passive(number: $0) } ?? commit.root
            let status: TurnStatus = turn.failure == nil ? .done : .failed
            let kind: Int64 = turn.path.isEmpty ? Int64(tree.kind.rawValue) : 0
            let known = turn.path.isEmpty ? rootRow : unused[identity]
            unused[identity] = nil
            let row: Int64
            if let known {
                row = known
                try settle(
                    known, agent: turn.agent, kind: kind, parent: parent?.row, number: turn.path.last,
                    status: status)
            } else {
                row = try tables.insertTurn(
                    identity, root: rootRow, round: commit.round, partition: nil, agent: turn.agent, kind: kind,
                    parent: parent?.row, number: turn.path.last, status: status)
            }
            rowOf[turn.path] = (row, identity)
            try rows.write(turn, round: commit.round, row: row)
        }
        for row in unused.values { try settle(row, agent: nil, kind: 0, parent: nil, number: nil, status: .void) }
        try intake.settle(commit.root, used: named(commit, tree))
    }

    /// What the tree used: embedding outcomes as named, LLM outcomes only where a turn tells of them.
    private func named(_ commit: TreeCommit, _ tree: Tree) -> [OutcomeName] {
        var uses: Set<CallID> = []
        for turn in tree.turns {
            let identity = turn.turn(under: commit.root)
            for use in turn.outcomes { uses.insert(CallID(turn: identity, number: use.number)) }
        }
        let recorded = intake.open[commit.root]?.outcomes ?? [:]
        return commit.outcomes.filter { name in
            uses.contains(name.call) || recorded[name.call]?.first?.isCompletion == false
        }
    }

    /// Fills in what was unknown when the turn's first outcome arrived.
    private func settle(
        _ row: Int64, agent: AgentID?, kind: Int64, parent: Int64?, number: UInt32?, status: TurnStatus
    ) throws {
        if let agent { settleTurn.bind(1, Int64(agent.number)) } else { settleTurn.bindNull(1) }
        settleTurn.bind(2, kind)
        if let parent { settleTurn.bind(3, parent) } else { settleTurn.bindNull(3) }
        if let number { settleTurn.bind(4, Int64(number)) } else { settleTurn.bindNull(4) }
        settleTurn.bind(5, status.rawValue)
        settleTurn.bind(6, row)
        try settleTurn.run()
    }
}
