import Hashing

/// Vectors by the hash of their text, at most so many bytes: what was not used for longest goes first.
///
/// A list threaded through an array, so that a hit moves an entry without allocating.
struct VectorCache {
    private struct Node {
        var key: Digest128
        var vector: [UInt8]
        var older: Int
        var newer: Int
    }

    private static let none = -1
    /// About what a node costs beside its vector.
    private static let overhead = 120

    private var nodes: [Node] = []
    private var free: [Int] = []
    private var places: [Digest128: Int] = [:]
    private var oldest = none
    private var newest = none

    /// Most bytes that are kept.
    let limit: Int
    /// Bytes that are kept.
    private(set) var bytes = 0

    /// A cache of at most `limit` bytes; 0 keeps nothing.
    init(limit: Int) { self.limit = limit }

    /// Vectors that are kept.
    var count: Int { places.count }

    /// The vector of a text; this counts as a use.
    mutating func vector(_ key: Digest128) -> [UInt8]? {
        guard let place = places[key] else { return nil }
        unlink(place)
        linkNewest(place)
        return nodes[place].vector
    }

    /// Keeps a vector.
    mutating func keep(_ key: Digest128, _ vector: [UInt8]) {
        guard places[key] == nil else { return }
        let place: Int
        if let reused = free.popLast() {
            place = reused
            nodes[place].key = key
            nodes[place].vector = vector
        } else {
            place = nodes.count
            nodes.append(Node(key: key, vector: vector, older: Self.none, newer: Self.none))
        }
        places[key] = place
        bytes += vector.count + Self.overhead
        linkNewest(place)
        while bytes > limit, oldest != Self.none { dropOldest() }
    }

    private mutating func dropOldest() {
        let place = oldest
        unlink(place)
        bytes -= nodes[place].vector.count + Self.overhead
        places[nodes[place].key] = nil
        nodes[place].vector = []
        free.append(place)
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (nodes[place].older, nodes[place].newer)
        if older == Self.none { oldest = newer } else { nodes[older].newer = newer }
        if newer == Self.none { newest = older } else { nodes[newer].older = older }
    }

    private mutating func linkNewest(_ place: Int) {
        nodes[place].older = newest
        nodes[place].newer = Self.none
        if newest == Self.none { oldest = place } else { nodes[newest].newer = place }
        newest = place
    }
}
