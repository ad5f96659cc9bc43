import Model

/// What a row of `turns` says of a turn. These columns are filled in by the commit and stand in no batch's hash: they
/// follow from the tree.
struct TurnRow: Equatable {
    var id: Int64
    var agent: Int64?
    var kind: Int64
    var parent: Int64?
    var number: Int64?
    var status: Int64

    /// A row of id, identity, agent, kind_code, parent, n, status_code.
    init(_ row: SQLStatement) {
        id = row.int(0)
        agent = row.isNull(2) ? nil : row.int(2)
        kind = row.int(3)
        parent = row.isNull(4) ? nil : row.int(4)
        number = row.isNull(5) ? nil : row.int(5)
        status = row.int(6)
    }

    /// The row that a committed turn has to have.
    init(_ turn: TurnRecord, id: Int64, of tree: Tree, parent: Int64?) {
        self.id = id
        self.parent = parent
        agent = Int64(turn.agent.number)
        kind = turn.path.isEmpty ? Int64(tree.kind.rawValue) : 0
        number = turn.path.last.map { Int64($0) }
        status = (turn.failure == nil ? TurnStatus.done : .failed).rawValue
    }
}
