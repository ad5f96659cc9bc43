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
    private let granted: SQLStatement
    /// Indexes of the rounds last asked for: all hosts ask for the same one or two.
    private var indexes: [(round: UInt32, index: MergedIndex)] = []

    init(_ database: Database, _ trees: TreeReader, _ outcomes: OutcomeReader) throws {
        self.trees = trees
        self.outcomes = outcomes
        granted = try SQLStatement(
            database, "SELECT tree, granted FROM claims WHERE round = ? ORDER BY id")
    }

    /// Takes over the index of a round that has just been merged.
    func install(_ index: MergedIndex, round: UInt32) {
        indexes.removeAll { $0.round == round }
        indexes.append((round, index))
        if indexes.count > 2 { indexes.removeFirst() }
    }

    /// Adds the environment's tree to a round that closes with it.
    func extend(round: UInt32, _ stored: TreeReader.Stored, granted: [Bool], _ cursor: RunCursor) {
        guard let place = indexes.firstIndex(where: { $0.round == round }) else { return }
        indexes[place].index.add(stored.tree, id: stored.id, granted: granted, partition: cursor.partition(of:))
    }

    /// A page of a round's changes to a partition.
    func page(round: UInt32, partition: UInt32, offset: UInt32, _ cursor: RunCursor) throws -> MergedPage {
        guard round >= 1, round < cursor.round || (round == cursor.round && cursor.state != .open) else {
            throw RecordRefusal(.notFound, "round \(round) is not merged")
        }
        let index = try index(round: round, cursor)
        var page = MergedPage(changes: [], vectors: [], more: false)
        var bytes = 0
        for entry in index.entries(partition: partition, from: offset) {
            let stored = try trees.tree(entry.tree)
            let skipped = Int(offset > entry.start ? offset - entry.start : 0)
            let changes = MergedChange.delivered(by: stored.tree, granted: index.granted[entry.tree] ?? [])
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
                page.vectors.append(MergedPage.Vector(text: contentHash(text), vector: vector))
                bytes += vector.count + 32
            }
        }
        return bytes
    }

    private func index(round: UInt32, _ cursor: RunCursor) throws -> MergedIndex {
        if let known = indexes.first(where: { $0.round == round }) { return known.index }
        var decisions: [Int64: [Bool]] = [:]
        granted.bind(1, Int64(round))
        while try granted.step() { decisions[granted.int(0), default: []].append(granted.int(1) != 0) }
        var index = MergedIndex()
        func add(_ stored: TreeReader.Stored) throws {
            let granted = decisions[stored.id] ?? []
            guard stored.tree.claimCount == granted.count else {
                throw StorageFailure.damaged(
                    "tree \(stored.id) of round \(round) has \(stored.tree.claimCount) claims and \(granted.count) decisions"
                )
            }
            index.add(stored.tree, id: stored.id, granted: granted, partition: cursor.partition(of:))
        }
        try trees.forEach(round: round, add)
        // The environment's tree takes part when its round closes, and its claims are decided then.
        let isClosed = round < cursor.round || cursor.state == .closed
        if isClosed, let stored = try trees.environmentTree(round: round) { try add(stored) }
        install(index, round: round)
        return index
    }
}

extension Tree {
    /// How many claims it makes.
    var claimCount: Int {
        orderedOperations.count { _, targeted in
            if case .claim = targeted.operation { true } else { false }
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
