/// What a server's prefix cache is believed to hold: the chunks of the prompts that were sent there last, as many as
/// fit. A model of least recently used, which is what the servers do.
struct CachedPrefixes {
    private struct Entry {
        var hash: UInt64
        var newer: Int32
        var older: Int32
    }

    private static let none: Int32 = -1
    /// Most chunks of one server that are remembered, whatever it tells of itself.
    private static let most = 1 << 20

    private var places: [UInt64: Int32] = [:]
    private var entries: [Entry] = []
    private var newest = none
    private var oldest = none

    /// Chunks that are remembered at most.
    let capacity: Int

    init(tokens: Int) { capacity = min(max(1, tokens / PrefixChain.chunkTokens), Self.most) }

    /// The server's cache was emptied.
    mutating func removeAll() { self = CachedPrefixes(tokens: capacity * PrefixChain.chunkTokens) }

    /// Chunks that are remembered.
    var count: Int { places.count }

    /// Leading chunks of the prompt that the server holds.
    func depth(of chain: PrefixChain) -> Int {
        var depth = 0
        for hash in chain.hashes {
            guard places[hash] != nil else { return depth }
            depth += 1
        }
        return depth
    }

    /// Whether the server holds the prefix that ends in this chunk.
    func holds(_ hash: UInt64) -> Bool { places[hash] != nil }

    /// A prompt was sent there. Its last chunks count as used first: a cache drops the end of a prefix before its
    /// beginning.
    mutating func use(_ chain: PrefixChain) {
        for hash in chain.hashes.reversed() {
            if let place = places[hash] {
                unlink(place)
                link(place)
            } else if places.count < capacity {
                entries.append(Entry(hash: hash, newer: Self.none, older: Self.none))
                let place = Int32(entries.count - 1)
                places[hash] = place
                link(place)
            } else {
                let place = oldest
                unlink(place)
                places[entries[Int(place)].hash] = nil
                entries[Int(place)].hash = hash
                places[hash] = place
                link(place)
            }
        }
    }

    private mutating func unlink(_ place: Int32) {
        let entry = entries[Int(place)]
        if entry.newer == Self.none { newest = entry.older } else { entries[Int(entry.newer)].older = entry.older }
        if entry.older == Self.none { oldest = entry.newer } else { entries[Int(entry.older)].newer = entry.newer }
    }

    private mutating func link(_ place: Int32) {
        entries[Int(place)].older = newest
        entries[Int(place)].newer = Self.none
        if newest == Self.none { oldest = place } else { entries[Int(newest)].newer = place }
        newest = place
    }
}
