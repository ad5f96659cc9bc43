/// The memory of KV: blocks that sequences hold, shared where their contents are the same, and of those that nobody
/// holds the longest unused is given away first. Its old contents are found until then.
struct KVBlocks: Sendable {
    typealias Block = Int32

    /// Blocks in all.
    let count: Int
    /// Blocks that no sequence holds, whether or not their contents may still be found.
    private(set) var free: Int

    private var holders: [Int32]
    private var names: [UInt64?]
    private var places: [UInt64: Block] = [:]
    // The free blocks as a ring through the entry behind the last block: from the longest unused on.
    private var next: [Block]
    private var previous: [Block]
    private var ring: Block { Block(count) }

    init(count: Int) {
        self.count = count
        free = count
        holders = Array(repeating: 0, count: count)
        names = Array(repeating: nil, count: count)
        next = (0...count).map { Block($0 == count ? 0 : $0 + 1) }
        previous = (0...count).map { Block($0 == 0 ? count : $0 - 1) }
    }

    /// The blocks with these contents, up to the first that is nowhere, at most `limit`.
    func found(_ contents: [UInt64], limit: Int) -> [Block] {
        var blocks: [Block] = []
        for name in contents.prefix(limit) {
            guard let block = places[name] else { break }
            blocks.append(block)
        }
        return blocks
    }

    /// Takes the shared blocks and so many others for one sequence. Nil, and nothing changes, where too few are free.
    mutating func take(shared: [Block], others: Int) -> [Block]? {
        let idle = shared.reduce(0) { $0 + (holders[Int($1)] == 0 ? 1 : 0) }
        guard others <= free - idle else { return nil }
        for block in shared {
            if holders[Int(block)] == 0 { unlink(block) }
            holders[Int(block)] += 1
        }
        var blocks = shared
        for _ in 0..<others {
            let block = next[count]
            unlink(block)
            if let name = names[Int(block)] {
                places[name] = nil
                names[Int(block)] = nil
            }
            holders[Int(block)] = 1
            blocks.append(block)
        }
        return blocks
    }

    /// Lets the contents of a held block be found. The first block with these contents keeps the name.
    mutating func name(_ block: Block, _ contents: UInt64) {
        guard names[Int(block)] == nil, places[contents] == nil else { return }
        names[Int(block)] = contents
        places[contents] = block
    }

    /// A sequence gives its blocks back, the last first: a prompt's end is of use to fewer than its beginning.
    mutating func release(_ blocks: [Block]) {
        for block in blocks.reversed() {
            precondition(holders[Int(block)] > 0, "a block of KV is given back that nobody holds")
            holders[Int(block)] -= 1
            if holders[Int(block)] == 0 { link(block) }
        }
    }

    private mutating func unlink(_ block: Block) {
        let (before, after) = (previous[Int(block)], next[Int(block)])
        next[Int(before)] = after
        previous[Int(after)] = before
        free -= 1
    }

    private mutating func link(_ block: Block) {
        let last = previous[count]
        next[Int(last)] = block
        previous[Int(block)] = last
        next[Int(block)] = ring
        previous[count] = block
        free += 1
    }

    /// What is wrong with the books, for tests: who holds what must add up, and names and places must agree.
    func fault(held: [[Block]]) -> String? {
        var expected = Array(repeating: Int32(0), count: count)
        for blocks in held { for block in blocks { expected[Int(block)] += 1 } }
        guard expected == holders else { return "holders do not match what sequences hold" }
        guard holders.filter({ $0 == 0 }).count == free else { return "the number of free blocks is wrong" }
        var linked = 0
        var block = next[count]
        while block != ring, linked <= count {
            guard holders[Int(block)] == 0 else { return "a held block is in the ring of free ones" }
            linked += 1
            block = next[Int(block)]
        }
        guard linked == free else { return "the ring has \(linked) blocks, free are \(free)" }
        guard places.count == names.filter({ $0 != nil }).count, places.allSatisfy({ names[Int($1)] == $0 }) else {
            return "names and places do not agree"
        }
        return nil
    }
}
