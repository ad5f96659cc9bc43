import ClusterLogic
import GRDB
import Hashing
import Model

/// Checks the committed trees of a round against their hashes, their identities and the answers that they used.
struct TreeCheck {
    /// What a round's trees add up to.
    struct Round {
        var digests: [Digest256] = []
        var environment: Digest256?
        var claims: [ClaimDecision] = []
        /// Capacities and number of claims before the environment's turn; nil where it took none.
        var merged: MergeCapacities?
        var mergedClaims = 0
        var trees: UInt64 = 0
        /// Root turns that failed, and operations that reach the environment; its own turn counts for neither.
        var failed: UInt64 = 0
        var contributions: UInt64 = 0
        var calls: UInt64 = 0
        /// Which trees change which partition, as far as the round has come.
        var index = MergedIndex()
    }

    private let run: RunCursor.Run
    private let cursor: RunCursor
    private let rows: SQLStatement
    private let callsOfTurn: SQLStatement
    private let turnsOfRoot: SQLStatement
    private let agentID: SQLStatement
    private let claimRows: SQLStatement
    private let requests: RequestCheck
    private let merged: MergedTable
    private let contents: ContentReader

    init(_ database: Database, run: RunCursor.Run, _ cursor: RunCursor) throws {
        self.run = run
        self.cursor = cursor
        rows = try SQLStatement(
            database,
            """
            SELECT trees.id, turns.identity, trees.partition, trees.kind_code, trees.failed, trees.merge_order,
                trees.digest, trees.bytes, trees.root
            FROM trees JOIN turns ON turns.id = trees.root WHERE trees.round = ?
            ORDER BY trees.kind_code = \(RootKind.environment.rawValue), trees.merge_order
            """)
        callsOfTurn = try SQLStatement(
            database, "SELECT id, n, answer, rejection FROM calls WHERE turn = ? ORDER BY n")
        turnsOfRoot = try SQLStatement(
            database,
            """
            SELECT id, identity, agent, kind_code, parent, n, status_code FROM turns
            WHERE root = ? AND status_code <> \(TurnStatus.void.rawValue)
            """)
        agentID = try SQLStatement(database, "SELECT id FROM agents WHERE agent = ?")
        claimRows = try SQLStatement(
            database,
            "SELECT place, n, owner, claimant, resource, amount, granted FROM claims WHERE round = ? ORDER BY id")
        contents = try ContentReader(database)
        requests = try RequestCheck(database, contents, seed: run.seed)
        merged = try MergedTable(database)
    }

    /// Capacities as they were before the first round.
    static func capacities(_ database: Database) throws -> MergeCapacities {
        let field = try SQLStatement(
            database,
            """
            SELECT field.value FROM agents, json_each(agents.profile) AS field
            WHERE agents.agent = ? AND field.key = ? AND field.type = 'integer'
            """)
        return MergeCapacities { key in
            field.bind(1, Int64(key.owner.number))
            field.bind(2, key.name)
            return try field.first { $0.int(0) } ?? 0
        }
    }

    /// Checks a round's trees in the order of the merge.
    func check(round: UInt32, capacities: inout MergeCapacities) throws -> Round {
        var result = Round()
        rows.bind(1, Int64(round))
        defer { rows.reset() }
        while try rows.step() {
            let id = rows.int(0)
            let bytes = try TreeStorage.canonical(rows.blob(7), text: contents.text) ?? []
            guard let digest = Digest256(bytes: rows.blob(6)), Tree.digest(ofPacked: bytes) == digest else {
                throw Verifier.Violation(text: "tree \(id) of round \(round) does not have its digest")
            }
            guard let tree = try? Tree(packed: bytes), let root = Digest128(bytes: rows.blob(1)) else {
                throw Verifier.Violation(text: "tree \(id) of round \(round) cannot be read")
            }
            try checkIdentity(tree, id: id, root: TurnID(digest: root), round: round)
            result.calls += try checkOutcomes(tree, id: id, root: TurnID(digest: root), row: rows.int(8))
            if tree.kind == .environment { (result.merged, result.mergedClaims) = (capacities, result.claims.count) }
            let decisions = try capacities.merge(tree, place: result.trees)
            result.claims += decisions
            if tree.kind != .environment || state(of: round) == .closed {
                result.index.add(
                    tree, id: id, granted: decisions.map(\.granted), partition: cursor.partition(of:))
            }
            result.trees += 1
            guard tree.kind != .environment else {
                result.environment = digest
                continue
            }
            result.digests.append(digest)
            if tree.root.failure != nil { result.failed += 1 }
            for (_, targeted) in tree.orderedOperations where targeted.target == .environment {
                if case .event = targeted.operation { continue }
                result.contributions += 1
            }
        }
        try checkClaims(result, round: round)
        if state(of: round) != .open { try checkIndex(result.index, round: round) }
        return result
    }

    private func state(of round: UInt32) -> RunCursor.RoundState { round < cursor.round ? .closed : cursor.state }

    /// The index of a merged round is the one that follows from its trees.
    private func checkIndex(_ index: MergedIndex, round: UInt32) throws {
        for partition in 0...run.partitions
        where try merged.part(round: round, partition: partition) != index[partition] {
            throw Verifier.Violation(
                text:
                    "the index of what round \(round) changed of partition \(partition) does not follow from its trees")
        }
    }

    private func checkIdentity(_ tree: Tree, id: Int64, root: TurnID, round: UInt32) throws {
        let isRight =
            tree.round == round && Int64(tree.kind.rawValue) == rows.int(3)
            && (tree.root.failure == nil) == (rows.int(4) == 0)
            && cursor.partition(of: tree.root.agent).map { Int64($0) } == rows.int(2)
            && run.seed.mergeOrder(round: round, root: root).bytes == rows.blob(5)
        guard isRight else {
            throw Verifier.Violation(text: "the row of tree \(id) in round \(round) does not describe it")
        }
        guard tree.kind != .environment else { return }
        agentID.bind(1, Int64(tree.root.agent.number))
        let agent = try agentID.first { $0.text(0) } ?? ""
        guard root == TurnID.root(round: round, kind: tree.kind, agent: agent) else {
            throw Verifier.Violation(text: "tree \(id) of round \(round) does not have its agent's identity")
        }
    }

    /// Every outcome that the tree used is a call with that very result, and its turns made no other calls.
    private func checkOutcomes(_ tree: Tree, id: Int64, root: TurnID, row: Int64) throws -> UInt64 {
        var rowOf: [TurnID: TurnRow] = [:]
        var rowOfPath: [[UInt32]: Int64] = [:]
        turnsOfRoot.bind(1, row)
        while try turnsOfRoot.step() {
            if let digest = Digest128(bytes: turnsOfRoot.blob(1)) {
                guard rowOf.updateValue(TurnRow(turnsOfRoot), forKey: TurnID(digest: digest)) == nil else {
                    throw Verifier.Violation(text: "turn \(digest) of tree \(id) is recorded twice (I2)")
                }
            }
        }
        var calls: UInt64 = 0
        for turn in tree.turns {
            let identity = turn.turn(under: root)
            guard let found = rowOf.removeValue(forKey: identity) else {
                throw Verifier.Violation(text: "turn \(identity) of tree \(id) is missing")
            }
            let turnRow = found.id
            rowOfPath[turn.path] = turnRow
            let parent = turn.path.isEmpty ? nil : rowOfPath[Array(turn.path.dropLast())]
            guard found == TurnRow(turn, id: turnRow, of: tree, parent: parent) else {
                throw Verifier.Violation(text: "the row of turn \(identity) of tree \(id) does not describe it")
            }
            var uses: [Int64: Digest128] = [:]
            for use in turn.outcomes { uses[Int64(use.number)] = use.result }
            callsOfTurn.bind(1, turnRow)
            while try callsOfTurn.step() {
                calls += 1
                let outcome = CompletionOutcome(
                    answer: callsOfTurn.isNull(2) ? nil : callsOfTurn.text(2), rejection: callsOfTurn.text(3),
                    rejected: [], promptTokens: 0, completionTokens: 0, model: "")
                guard uses.removeValue(forKey: callsOfTurn.int(1)) == outcome.resultHash else {
                    callsOfTurn.reset()
                    throw Verifier.Violation(
                        text: "the result of call \(callsOfTurn.int(1)) of turn \(identity) is not the one that "
                            + "tree \(id) used")
                }
                try requests.check(
                    row: callsOfTurn.int(0),
                    CallID(turn: identity, number: UInt32(clamping: callsOfTurn.int(1))))
            }
            guard uses.isEmpty else {
                throw Verifier.Violation(text: "turn \(identity) of tree \(id) used calls that are missing")
            }
        }
        guard rowOf.isEmpty else {
            throw Verifier.Violation(text: "turns are recorded under tree \(id) that are not part of it")
        }
        return calls
    }

    /// The claims decided again from the profiles and all changes so far are those recorded.
    private func checkClaims(_ result: Round, round: UInt32) throws {
        claimRows.bind(1, Int64(round))
        var recorded: [ClaimDecision] = []
        while try claimRows.step() { recorded.append(ClaimDecision(claimRows)) }
        // Nothing is decided before the merge, and the environment's claims when the round closes.
        let decided =
            switch state(of: round) {
            case .open: 0
            case .merged: result.merged == nil ? result.claims.count : result.mergedClaims
            case .closed: result.claims.count
            }
        guard recorded.elementsEqual(result.claims.prefix(decided)) else {
            throw Verifier.Violation(text: "the claims of round \(round) are not decided in the order of the merge")
        }
    }
}
