import Hashing
import Model

/// The tables of snapshots, and the form of what lies in them. They are copies of what follows from the journal: no
/// batch's hash covers them, each head has a check value of its own instead.
enum SnapshotFormat {
    /// Statements that make the tables.
    static let statements = [
        """
        CREATE TABLE snapshots (partition INTEGER PRIMARY KEY, round INTEGER NOT NULL, heads INTEGER NOT NULL,
            sum BLOB NOT NULL, "check" BLOB NOT NULL)
        """,
        """
        CREATE TABLE snapshot_heads (partition INTEGER NOT NULL, agent INTEGER NOT NULL, round INTEGER NOT NULL,
            memories INTEGER NOT NULL, chain BLOB NOT NULL, "check" BLOB NOT NULL, head BLOB NOT NULL,
            PRIMARY KEY (partition, agent)) WITHOUT ROWID
        """,
        """
        CREATE TABLE snapshot_memories (partition INTEGER NOT NULL, agent INTEGER NOT NULL, n INTEGER NOT NULL,
            entries BLOB NOT NULL, PRIMARY KEY (partition, agent, n)) WITHOUT ROWID
        """,
    ]

    /// An entry of long-term memory in `snapshot_memories`.
    struct Memory: Hashable {
        /// Its text in `segments`.
        var segment: Int64
        /// Simulated seconds since the start of the run.
        var time: Int64
        /// Its rating.
        var importance: UInt8
        /// Its vector in `vectors`, 0 where it has none.
        var vector: Int64
    }

    /// Bytes of a packed entry: segment, time and vector in eight little-endian bytes each, rating.
    static let memoryBytes = 25

    /// Packs entries one after another.
    static func packed(_ entries: [Memory]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * memoryBytes)
        for entry in entries {
            withUnsafeBytes(of: entry.segment.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.time.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.vector.littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(entry.importance)
        }
        return bytes
    }

    /// Entries from their bytes; nil for bytes that are none.
    static func memories(_ bytes: [UInt8]) -> [Memory]? {
        guard bytes.count % memoryBytes == 0 else { return nil }
        return bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: memoryBytes).map { offset in
                func number(_ place: Int) -> Int64 {
                    Int64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset + place, as: Int64.self))
                }
                return Memory(
                    segment: number(0), time: number(8), importance: min(buffer[offset + 24], 10),
                    vector: number(16))
            }
        }
    }

    /// The chain over an agent's rows of memories, gone on by one row.
    static func chain(_ previous: Digest128, first: UInt32, _ row: [UInt8]) -> Digest128 {
        HashBuilder.hash128(.snapshot) { hash in
            hash.append(previous)
            hash.append(UInt64(first))
            hash.append(row)
        }
    }

    /// The chain of no rows.
    static let emptyChain = Digest128(high: 0, low: 0)

    /// A row of `snapshot_heads` without its check value.
    struct Head {
        var partition: UInt32
        var agent: AgentID
        var round: UInt32
        /// Number of its memories.
        var memories: UInt32
        /// Chain over their rows.
        var chain: Digest128
        var head: [UInt8]

        /// What the row's check value must be.
        var check: Digest128 {
            HashBuilder.hash128(.snapshot) { hash in
                for number in [partition, agent.number, round, memories] { hash.append(UInt64(number)) }
                hash.append(chain)
                hash.append(head)
            }
        }
    }

    /// A row of `snapshots` without its check value.
    struct Manifest: Hashable {
        var partition: UInt32
        /// The round of the last complete snapshot, 0 before the first.
        var round: UInt32 = 0
        /// What lies in `snapshot_heads`: a row that is missing there would go unnoticed otherwise.
        var heads = HeadSum()

        /// What the row's check value must be. A round that is taken for a later one would leave out what the rounds
        /// between changed.
        var check: Digest128 {
            HashBuilder.hash128(.snapshot) { hash in
                for number in [partition, round, heads.count] { hash.append(UInt64(number)) }
                hash.append(heads.sum)
            }
        }
    }

    /// Number of heads and the sum of their check values, without carry: they come and go in any order.
    struct HeadSum: Hashable {
        private(set) var count: UInt32 = 0
        private(set) var sum = Digest128(high: 0, low: 0)

        /// No heads, or so many with this sum.
        init(count: UInt32 = 0, sum: Digest128 = Digest128(high: 0, low: 0)) {
            self.count = count
            self.sum = sum
        }

        mutating func add(_ check: Digest128) {
            count &+= 1
            toggle(check)
        }

        mutating func remove(_ check: Digest128) {
            count &-= 1
            toggle(check)
        }

        private mutating func toggle(_ check: Digest128) {
            sum = Digest128(high: sum.high ^ check.high, low: sum.low ^ check.low)
        }
    }

    /// Columns of `snapshots`, in the order in which `manifest` reads them.
    static let manifestColumns = "round, heads, sum, \"check\""

    /// The manifest in a row of these columns; nil where it does not have its check value.
    static func manifest(_ row: SQLStatement, partition: UInt32) -> Manifest? {
        guard let round = UInt32(exactly: row.int(0)), let heads = UInt32(exactly: row.int(1)),
            let sum = Digest128(row.bytes(2))
        else { return nil }
        let manifest = Manifest(partition: partition, round: round, heads: HeadSum(count: heads, sum: sum))
        return manifest.check == Digest128(row.bytes(3)) ? manifest : nil
    }

    /// What the heads in the rows of a statement over their check values add up to; nil where one has none.
    static func headSum(_ rows: SQLStatement) throws -> HeadSum? {
        defer { rows.reset() }
        var all = HeadSum()
        while try rows.step() {
            guard let check = Digest128(rows.bytes(0)) else { return nil }
            all.add(check)
        }
        return all
    }

    /// Columns of `snapshot_heads`, in the order in which `head` reads them.
    static let headColumns = "agent, round, memories, chain, \"check\", head"

    /// The head in a row of these columns; nil where it does not have its check value.
    static func head(_ row: SQLStatement, partition: UInt32) -> Head? {
        guard let chain = Digest128(row.bytes(3)), let agent = UInt32(exactly: row.int(0)),
            let round = UInt32(exactly: row.int(1)), let memories = UInt32(exactly: row.int(2))
        else { return nil }
        let head = Head(
            partition: partition, agent: AgentID(number: agent), round: round, memories: memories, chain: chain,
            head: row.blob(5))
        return head.check == Digest128(row.bytes(4)) ? head : nil
    }
}
