import GRDB
import Hashing
import Model

/// Keeps each merged round's index, a row for each partition, so that a recorder that has just started finds the first
/// changes of a partition without reading the round's trees. A copy of what follows from the trees: no batch's hash
/// covers it, each row has a check value of its own, and one that is missing or damaged counts as none.
final class MergedTable {
    /// The statement that makes the table.
    static let statement = """
        CREATE TABLE merged (round INTEGER NOT NULL, partition INTEGER NOT NULL, changes INTEGER NOT NULL,
            trees BLOB NOT NULL, "check" BLOB NOT NULL, PRIMARY KEY (round, partition)) WITHOUT ROWID
        """

    /// Bytes of an entry: the tree in eight little-endian bytes, the number of its first change in four.
    private static let entryBytes = 12

    private let insert: SQLStatement
    private let find: SQLStatement

    init(_ database: Database) throws {
        insert = try SQLStatement(
            database,
            "INSERT OR REPLACE INTO merged (round, partition, changes, trees, \"check\") VALUES (?, ?, ?, ?, ?)")
        find = try SQLStatement(
            database, "SELECT changes, trees, \"check\" FROM merged WHERE round = ? AND partition = ?")
    }

    /// Writes the index of a round that is merged, for all of so many partitions and the environment's.
    func write(_ index: MergedIndex, round: UInt32, partitions: UInt32) throws {
        for partition in 0...partitions { try write(index[partition], round: round, partition: partition) }
    }

    /// Adds what the environment's tree changes to a round that closes. Where a row is damaged it stays so.
    func extend(with environment: MergedIndex, round: UInt32) throws {
        for partition in environment.partitions {
            guard var part = try part(round: round, partition: partition) else { continue }
            let added = environment[partition]
            part.entries += added.entries.map { .init(tree: $0.tree, start: part.count + $0.start) }
            part.count += added.count
            try write(part, round: round, partition: partition)
        }
    }

    /// What a round changes of a partition; nil where the table does not say, or not what was written.
    func part(round: UInt32, partition: UInt32) throws -> MergedIndex.Part? {
        find.bind(1, Int64(round))
        find.bind(2, Int64(partition))
        return try find.first { row in
            guard let count = UInt32(exactly: row.int(0)), let entries = Self.entries(row.bytes(1)) else { return nil }
            let check = Self.check(round: round, partition: partition, changes: count, row.bytes(1))
            return Digest128(row.bytes(2)) == check ? MergedIndex.Part(entries: entries, count: count) : nil
        } ?? nil
    }

    private func write(_ part: MergedIndex.Part, round: UInt32, partition: UInt32) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.entries.count * Self.entryBytes)
        for entry in part.entries {
            withUnsafeBytes(of: entry.tree.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.start.littleEndian) { bytes.append(contentsOf: $0) }
        }
        insert.bind(1, Int64(round))
        insert.bind(2, Int64(partition))
        insert.bind(3, Int64(part.count))
        insert.bind(4, bytes)
        insert.bind(
            5, bytes.withUnsafeBytes { Self.check(round: round, partition: partition, changes: part.count, $0) })
        try insert.run()
    }

    private static func entries(_ bytes: UnsafeRawBufferPointer) -> [MergedIndex.Entry]? {
        guard bytes.count % entryBytes == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: entryBytes).map { offset in
            MergedIndex.Entry(
                tree: Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)),
                start: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)))
        }
    }

    private static func check(
        round: UInt32, partition: UInt32, changes: UInt32, _ trees: UnsafeRawBufferPointer
    ) -> Digest128 {
        HashBuilder.hash128(.merged) { hash in
            for number in [round, partition, changes] { hash.append(UInt64(number)) }
            hash.append(Array(trees))
        }
    }
}
