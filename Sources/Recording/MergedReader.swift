import ClusterLogic
import GRDB
import Model

/// Gives out what a merged round changes, partition by partition, in pages.
final class MergedReader {
    /// Most changes on a page.
    static let pageChanges = 10_000
    /// A page is full at this many bytes, as estimated.
    static let pageBytes = 4 << 20

    private let trees: TreeReader
    private let outcomes: OutcomeReader
    private let table: MergedTable
    private let granted: SQLStatement
    /// Decisions on the claims of a round's trees, and what was built anew of its index where the table fails. All
    /// hosts ask for the same one or two rounds.
    private var known: [Known] = []

    private struct Known {
        var round: UInt32
        var isClosed: Bool
        var decisions: [Int64: [Bool]]
        var index: MergedIndex?
    }

    init(_ database: Database, _ trees: TreeReader, _ outcomes: OutcomeReader, _ table: MergedTable) throws {
        self.trees = trees
        self.outcomes = outcomes
        self.table = table
        granted = try SQLStatement(
            database, "SELECT tree, granted FROM claims WHERE round = ? ORDER BY id")
    }

    /// A page of a round's changes to a partition.
    func page(round: UInt32, partition: UInt32, offset: UInt32, _ cursor: RunCursor) throws -> MergedPage {
        guard round >= 1, round < cursor.round || (round == cursor.round && cursor.state != .open) else {
            throw RecordRefusal(.notFound, "round \(round) is not merged")
        }
        // The environment's tree takes part when its round closes, and its claims are decided then.
        let isClosed = round < cursor.round || cursor.state == .closed
        let part =
            try table.part(round: round, partition: partition)
            ?? index(round: round, isClosed: isClosed, cursor)[partition]
        var page = MergedPage(changes: [], vectors: [], more: false)
        var bytes = 0
        for entry in part.entries(from: offset) {
            let stored = try trees.tree(entry.tree)
            let skipped = Int(offset > entry.start ? offset - entry.start : 0)
            let changes = MergedChange.delivered(by: stored.tree, granted: try decisions(on: stored, round, isClosed))
                .filter { cursor.partition(of: $0.target) == partition }
            for change in changes.dropFirst(skipped) {
                if page.changes.count >= Self.pageChanges || bytes >= Self.pageBytes {
                    page.more = true
                    return page
                }
                page.changes.append(
                    MergedPage.Change(source: change.source, target: change.target, operation: change.operation))
                bytes += change.operation.estimatedBytes
                if case .consolidate = change.operation {
                    bytes += try addVectors(of: stored, partition: partition, to: &page)
                }
            }
        }
        return page
    }

    private func addVectors(of stored: TreeReader.Stored, partition: UInt32, to page: inout MergedPage) throws -> Int {
        var bytes = 0
        let root = TurnID(digest: .init(high: 0, low: 0))
        for record in try outcomes.embeddings(ofRoot: stored.root, root, partition: partition) {
            guard case .embedding(_, let texts, let vectors) = record.content else { continue }
            for (text, vector) in zip(texts, vectors) {
                page.vectors.append(MergedPage.Vector(agent: record.agent, text: contentHash(text), vector: vector))
                bytes += vector.count + 32
            }
        }
        return bytes
    }

    /// The decisions on a tree's claims, in their order.
    private func decisions(on stored: TreeReader.Stored, _ round: UInt32, _ isClosed: Bool) throws -> [Bool] {
        let claims = stored.tree.claimCount
        guard claims > 0 else { return [] }
        let place = try place(of: round, isClosed: isClosed)
        let decisions = known[place].decisions[stored.id] ?? []
        guard decisions.count == claims else {
            throw StorageFailure.damaged(
                "tree \(stored.id) of round \(round) has \(claims) claims and \(decisions.count) decisions")
        }
        return decisions
    }

    /// Where in `known` a round stands.
    private func place(of round: UInt32, isClosed: Bool) throws -> Int {
        if let place = known.firstIndex(where: { $0.round == round && $0.isClosed == isClosed }) { return place }
        var decisions: [Int64: [Bool]] = [:]
        granted.bind(1, Int64(round))
        while try granted.step() { decisions[granted.int(0), default: []].append(granted.int(1) != 0) }
        known.removeAll { $0.round == round }
        if known.count >= 2 { known.removeFirst() }
        known.append(Known(round: round, isClosed: isClosed, decisions: decisions))
        return known.count - 1
    }

    /// A round's index built anew from its trees.
    private func index(round: UInt32, isClosed: Bool, _ cursor: RunCursor) throws -> MergedIndex {
        let place = try place(of: round, isClosed: isClosed)
        if let index = known[place].index { return index }
        var index = MergedIndex()
        func add(_ stored: TreeReader.Stored) throws {
            let granted = try decisions(on: stored, round, isClosed)
            index.add(stored.tree, id: stored.id, granted: granted, partition: cursor.partition(of:))
        }
        try trees.forEach(round: round, add)
        if isClosed, let stored = try trees.environmentTree(round: round) { try add(stored) }
        known[place].index = index
        return index
    }
}

extension Tree {
    /// How many claims it makes.
    var claimCount: Int {
        turns.reduce(0) { count, turn in
            count
                + turn.operations.count { targeted in
                    if case .claim = targeted.operation { true } else { false }
                }
        }
    }
}

extension Operation {
    /// Roughly its packed size: pages are bounded, not measured.
    var estimatedBytes: Int {
        switch self {
        case .set(let field, let value), .append(let field, let value):
            24 + field.utf8.count + value.estimatedBytes
        case .add(let field, _), .claim(let field, _), .claimResult(_, let field, _): 32 + field.utf8.count
        case .relate(let relation, _, _): 32 + relation.utf8.count
        case .remember(let text, _): 32 + text.utf8.count
        case .message(_, let subject, let body): 32 + subject.utf8.count + body.estimatedBytes
        case .event(let name, let details): 24 + name.utf8.count + details.estimatedBytes
        case .consolidate(let result):
            result.insights.reduce(32 + result.importances.count) { $0 + 8 + $1.text.utf8.count }
        }
    }
}

extension Value {
    /// Roughly its packed size.
    var estimatedBytes: Int {
        switch self {
        case .null, .bool, .int, .double: 9
        case .text(let text): 5 + text.utf8.count
        case .list(let values): values.reduce(5) { $0 + $1.estimatedBytes }
        case .map(let values): values.reduce(5) { $0 + 5 + $1.key.utf8.count + $1.value.estimatedBytes }
        }
    }
}
