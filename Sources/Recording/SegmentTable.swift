import GRDB
import Hashing
import Model

/// `segments`: every text once by content.
///
/// Texts are found by half of their hash in `segment_keys`. Hashes fall anywhere in that table, so that entering each
/// with its text would rewrite a page of 8 kB for a key of 8 bytes; keys of new texts wait in memory instead and are
/// entered by the ten thousand, in order. After a crash they are computed again from the texts.
final class SegmentTable {
    /// So many keys wait at most.
    private static let waitingKeys = 1 << 16

    private let rows: RowWriter
    private let find: SQLStatement
    private let read: SQLStatement
    private let enter: SQLStatement
    private let candidates: SQLStatement
    private var known: GenerationCache<TextKey, Int64>
    private var waiting: [Int64: Int64] = [:]

    /// The table, with about `cacheBytes` of texts whose numbers are known without asking.
    init(_ database: Database, _ ledger: BatchLedger, cacheBytes: Int) throws {
        known = GenerationCache(costLimit: cacheBytes)
        rows = ledger[.segments]
        find = try SQLStatement(
            database,
            "SELECT id, text FROM segment_keys JOIN segments ON segments.id = segment_keys.segment WHERE key = ?")
        read = try SQLStatement(database, "SELECT id, text FROM segments WHERE id = ?")
        candidates = try SQLStatement(database, "SELECT segment FROM segment_keys WHERE key = ? LIMIT 2")
        enter = try SQLStatement(database, "INSERT INTO segment_keys (key, segment) VALUES (?, ?)")
        let unentered = try SQLStatement(
            database,
            "SELECT id, text FROM segments WHERE id > (SELECT ifnull(max(segment), 0) FROM segment_keys)")
        while try unentered.step() { waiting[SegmentTable.key(unentered.text(1))] = unentered.int(0) }
    }

    /// The number of `text`, which is stored if it is new.
    func id(of text: String) throws -> Int64 {
        let cached = TextKey(text: text)
        let cost = text.utf8.count + 64
        if let id = known.value(cached, cost: cost) { return id }
        let key = SegmentTable.key(text)
        let id = try stored(text, key: key) ?? insert(text, key: key)
        known.insert(id, cached, cost: cost)
        return id
    }

    /// The number of the text with a content address; nil where it is not stored.
    func id(of address: Digest128) throws -> Int64? {
        let key = Int64(bitPattern: address.high)
        var ids: [Int64] = []
        if let id = waiting[key] { ids.append(id) }
        candidates.bind(1, key)
        while try candidates.step() { ids.append(candidates.int(0)) }
        // One text under half of the address is the one; two are told apart by the other half.
        guard ids.count > 1 else { return ids.first }
        return try ids.first { id in
            read.bind(1, id)
            return try read.first { contentHash($0.text(1)) } == address
        }
    }

    /// Enters the keys that wait, if they are many. Part of a batch.
    func finishBatch() throws {
        guard waiting.count >= Self.waitingKeys else { return }
        for (key, id) in waiting.sorted(by: { $0.key < $1.key }) {
            enter.bind(1, key)
            enter.bind(2, id)
            try enter.run()
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// Half of the content address: enough for a key whose hits are compared with the text itself.
    private static func key(_ text: String) -> Int64 { Int64(bitPattern: contentHash(text).high) }

    private func stored(_ text: String, key: Int64) throws -> Int64? {
        if let id = waiting[key] {
            read.bind(1, id)
            if let found = try match(text, read) { return found }
        }
        find.bind(1, key)
        return try match(text, find)
    }

    private func match(_ text: String, _ statement: SQLStatement) throws -> Int64? {
        defer { statement.reset() }
        while try statement.step() {
            let isSame = text.withBytes { statement.bytes(1).hasSameBytes(as: $0) }
            if isSame { return statement.int(0) }
        }
        return nil
    }

    private func insert(_ text: String, key: Int64) throws -> Int64 {
        let id = rows.begin()
        rows.add(text)
        try rows.insert()
        waiting[key] = id
        return id
    }
}
