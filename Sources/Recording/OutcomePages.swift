import GRDB
import Hashing
import Model

/// Gives out what is recorded of a partition's open round, page by page: consolidations that have committed, then the
/// outcomes of LLM calls and then of embedding calls of roots that have not.
///
/// A cursor says which of the three it is, in its highest two bits, and the key of the last row given. Rows only ever
/// get higher keys, so that nothing is given twice or left out while new ones arrive.
final class OutcomePages {
    /// A page is full at so many bytes, as estimated.
    static let pageBytes = 4 << 20
    /// Partitions whose order is remembered between pages.
    private static let rememberedOrders = 8

    private enum Part: UInt64 { case consolidations, completions, embeddings }

    private struct Item {
        var part: Part
        var variant: RecordedVariant
        var call: CallID
        var root: TurnID
    }

    /// The items behind a page that was given out, so that the next one need not look for them among all roots.
    private struct Order {
        var partition: UInt32
        var root: TurnID?
        var cursor: UInt64
        var items: ArraySlice<Item>
    }

    private let intake: OutcomeIntake
    private let trees: TreeReader
    private let outcomes: OutcomeReader
    private let consolidations: SQLStatement
    private var orders: [Order] = []

    init(_ database: Database, _ intake: OutcomeIntake, _ trees: TreeReader, _ outcomes: OutcomeReader) throws {
        self.intake = intake
        self.trees = trees
        self.outcomes = outcomes
        consolidations = try SQLStatement(
            database,
            """
            SELECT trees.id, trees.root, turns.identity FROM trees JOIN turns ON turns.id = trees.root
            WHERE trees.round = ? AND trees.partition = ? AND trees.id > ?
                AND trees.kind_code = \(RootKind.consolidate.rawValue)
            ORDER BY trees.id
            """)
    }

    /// The page from a cursor on; of one root alone where it is given.
    func page(
        _ partition: UInt32, epoch: UInt64, round: UInt32, root: TurnID?, from cursor: UInt64, _ run: RunCursor
    ) throws -> RecordedPage {
        try run.requireLease(partition, epoch: epoch)
        guard round == run.round, run.state != .closed else {
            throw RecordRefusal(.conflict, "round \(round) is not open")
        }
        guard let part = Part(rawValue: cursor >> 62) else {
            throw RecordRefusal(.invalid, "a cursor came that no page gave out")
        }
        var page = RecordedPage(consolidations: [], outcomes: [], next: 0)
        var bytes = 0
        if part == .consolidations, root == nil {
            try addConsolidations(partition, round, after: cursor, to: &page, &bytes)
            if page.next != 0 { return page }
        }
        try addOutcomes(partition, root, after: cursor, to: &page, &bytes)
        return page
    }

    private func addConsolidations(
        _ partition: UInt32, _ round: UInt32, after cursor: UInt64, to page: inout RecordedPage, _ bytes: inout Int
    ) throws {
        consolidations.bind(1, Int64(round))
        consolidations.bind(2, Int64(partition))
        consolidations.bind(3, Int64(bitPattern: cursor))
        defer { consolidations.reset() }
        var last: Int64 = 0
        while try consolidations.step() {
            guard bytes < Self.pageBytes else {
                page.next = UInt64(last)
                return
            }
            last = consolidations.int(0)
            guard let digest = Digest128(bytes: consolidations.blob(2)) else { continue }
            let tree = try trees.bytes(last)
            let embeddings = try outcomes.embeddings(
                ofRoot: consolidations.int(1), TurnID(digest: digest), partition: partition)
            page.consolidations.append(tree)
            page.outcomes += embeddings
            bytes += tree.count + embeddings.reduce(0) { $0 + $1.estimatedBytes }
        }
    }

    private func addOutcomes(
        _ partition: UInt32, _ root: TurnID?, after cursor: UInt64, to page: inout RecordedPage, _ bytes: inout Int
    ) throws {
        let items = items(partition, root, after: cursor)
        for index in items.indices {
            let item = items[index]
            guard bytes < Self.pageBytes else {
                // Where consolidations alone filled the page, the first row is still to come.
                page.next = index == items.startIndex ? Self.firstOutcome : Self.cursor(items[index - 1])
                remember(Order(partition: partition, root: root, cursor: page.next, items: items[index...]))
                return
            }
            // Its root may have committed since the order was made.
            guard intake.open[item.root] != nil else { continue }
            let record = try outcomes.record(
                item.variant, OutcomeReader.Owner(call: item.call, root: item.root, partition: partition))
            page.outcomes.append(record)
            bytes += record.estimatedBytes
        }
    }

    /// What is behind a cursor, in order.
    private func items(_ partition: UInt32, _ root: TurnID?, after cursor: UInt64) -> ArraySlice<Item> {
        if let place = orders.firstIndex(where: {
            $0.partition == partition && $0.root == root && $0.cursor == cursor
        }) {
            return orders.remove(at: place).items
        }
        var items: [Item] = []
        func add(_ root: TurnID, _ state: OpenRoot) {
            guard state.partition == partition else { return }
            for (call, variants) in state.outcomes {
                for variant in variants {
                    let item = Item(
                        part: variant.isCompletion ? .completions : .embeddings, variant: variant, call: call,
                        root: root)
                    if Self.cursor(item) > cursor { items.append(item) }
                }
            }
        }
        if let root {
            if let state = intake.open[root] { add(root, state) }
        } else {
            for (root, state) in intake.open { add(root, state) }
        }
        items.sort { Self.cursor($0) < Self.cursor($1) }
        return items[...]
    }

    /// Stands before every outcome.
    private static let firstOutcome = Part.completions.rawValue << 62

    private static func cursor(_ item: Item) -> UInt64 { item.part.rawValue << 62 | UInt64(item.variant.row) }

    /// Of one cursor the newest order counts: an older one, whose next page nobody came for, lacks what arrived since.
    private func remember(_ order: Order) {
        orders.removeAll {
            $0.partition == order.partition && $0.root == order.root && $0.cursor == order.cursor
        }
        orders.append(order)
        if orders.count > Self.rememberedOrders { orders.removeFirst() }
    }
}
