import Hashing
import Model
import Vectors

/// Stands for the first so many entries of a long-term memory: their number, and a hash over them all. Entries that
/// come back from a snapshot are the ones that went in only if they lead to the same chain.
public struct MemoryChain: Hashable, Sendable {
    /// Number of entries.
    public private(set) var count: UInt32
    /// Number of entries that the memory has lost since the run began, before the first of these was written down.
    public let forgotten: UInt32
    /// Hash over them, in their order.
    public private(set) var hash: Digest128

    /// The chain of no entries, of a memory that has lost some already.
    public init(forgotten: UInt32 = 0) {
        self.init(forgotten: forgotten, count: 0, hash: Digest128(high: 0, low: 0))
    }

    /// A chain as it was written down.
    public init(forgotten: UInt32 = 0, count: UInt32, hash: Digest128) {
        self.forgotten = forgotten
        self.count = count
        self.hash = hash
    }

    /// Goes on by an entry; `text` is the content address of its text.
    public mutating func append(_ entry: MemoryState.LongEntry, text: Digest128) {
        let previous = hash
        hash = HashBuilder.hash128(.memory) { hash in
            hash.append(previous)
            hash.append(text)
            hash.append(UInt64(bitPattern: entry.time))
            hash.append(UInt64(entry.importance))
            hash.append(entry.vector.map { UInt64($0.dimension) } ?? 0)
            hash.append(entry.vector?.checksum ?? 0)
        }
        count += 1
    }

    /// Goes on by entries.
    public mutating func append(contentsOf entries: some Sequence<MemoryState.LongEntry>) {
        for entry in entries { append(entry, text: contentHash(entry.text)) }
    }
}
