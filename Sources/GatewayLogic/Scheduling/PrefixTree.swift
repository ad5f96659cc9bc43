import DequeModule

/// Calls that may stand in for one another in order: those of one run, model and priority. A radix tree over the
/// hashes of their chunks, which grows only where calls share a prefix.
///
/// Each server has a place in it and takes calls in depth-first order from there, so that what it has just computed
/// serves as many calls as possible. A server that has nothing left below its place goes to the nearest prefix above
/// that has work which no other server does, most work first; and when all that is left is being worked on, it joins
/// where most is left, if that is worth computing the prefix once more. So large groups are split, and the last ones
/// of a round are shared.
final class PrefixTree {
    private struct Entry {
        var call: WaitingCall
        unowned(unsafe) var node: PrefixNode
    }

    private let root: PrefixNode
    private var entries: [UInt64: Entry] = [:]
    private var places: [ServerID: PrefixNode] = [:]
    private var arrivals = Deque<(number: UInt64, since: UInt64)>()
    private var lastOrder: UInt64 = 0

    init() { root = PrefixNode(depth: 0, edge: [], parent: nil, order: 0) }

    /// Calls that wait.
    var count: Int { entries.count }

    /// Their prefill work if nothing was cached, in tokens.
    var work: Int { root.work }

    /// When the call came that has waited longest, in nanoseconds of the clock; nil when none waits.
    var oldest: UInt64? {
        while let first = arrivals.first {
            if entries[first.number] != nil { return first.since }
            arrivals.removeFirst()
        }
        return nil
    }

    // MARK: coming and going

    /// A call begins to wait.
    func insert(_ call: WaitingCall, since: UInt64) {
        precondition(entries[call.number] == nil, "a call waits twice")
        arrivals.append((call.number, since))
        let node = place(for: call.chain.hashes)
        entries[call.number] = Entry(call: call, node: node)
        settle(call.number, hashes: call.chain.hashes, at: node).arrived(tokens: call.tokens)
    }

    /// Takes a call out; nil when it does not wait here.
    func remove(_ number: UInt64) -> WaitingCall? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        let (node, hashes) = (entry.node, entry.call.chain.hashes)
        if hashes.count > node.depth, node.singlesByHash[hashes[node.depth]] == number {
            node.singlesByHash[hashes[node.depth]] = nil
        }
        node.left(tokens: entry.call.tokens)
        trimArrivals()
        return entry.call
    }

    /// The node that the prompt belongs to, splitting edges on the way.
    private func place(for hashes: [UInt64]) -> PrefixNode {
        var node = root
        while node.depth < hashes.count, let child = node.children[hashes[node.depth]] {
            let common = shared(child.edge, hashes[node.depth...])
            if common == child.edge.count {
                node = child
            } else {
                lastOrder += 1
                return node.split(child, at: node.depth + common, order: lastOrder)
            }
        }
        return node
    }

    /// Puts the call among the node's singles, or with the one of them that shares more into a child; where it is now.
    private func settle(_ number: UInt64, hashes: [UInt64], at node: PrefixNode) -> PrefixNode {
        guard hashes.count > node.depth, let other = node.singlesByHash[hashes[node.depth]], let entry = entries[other]
        else {
            settleAlone(number, hashes: hashes, at: node)
            return node
        }
        let next = hashes[node.depth]
        node.singlesByHash[next] = nil
        let theirs = entry.call.chain.hashes
        let common = shared(theirs[node.depth...], hashes[node.depth...])
        lastOrder += 1
        let child = node.child(edge: hashes[node.depth..<(node.depth + common)], order: lastOrder)
        // The other moves down: its counts above stay, so only the child's are added.
        entries[other]?.node = child
        child.moved(tokens: entry.call.tokens)
        settleAlone(other, hashes: theirs, at: child)
        entries[number]?.node = child
        settleAlone(number, hashes: hashes, at: child)
        return child
    }

    private func settleAlone(_ number: UInt64, hashes: [UInt64], at node: PrefixNode) {
        node.singles.append(number)
        if hashes.count > node.depth { node.singlesByHash[hashes[node.depth]] = number }
    }

    private func shared(_ left: ArraySlice<UInt64>, _ right: ArraySlice<UInt64>) -> Int {
        var count = 0
        for (one, other) in zip(left, right) {
            guard one == other else { break }
            count += 1
        }
        return count
    }

    /// Calls that went stay in the order of arrival until they outweigh the others.
    private func trimArrivals() {
        guard arrivals.count > 2 * entries.count + 1024 else { return }
        arrivals = Deque(arrivals.filter { entries[$0.number] != nil })
    }

    // MARK: serving

    /// The call that the server takes next, and it leaves the tree; nil when nothing here is worth its while.
    /// - Parameters:
    ///   - cached: what the server's cache holds.
    ///   - opensGroups: false while that cache is short.
    ///   - isIdle: true when the server has nothing else to do, and may as well compute a prefix once more.
    func next(for server: ServerID, cached: CachedPrefixes, opensGroups: Bool, isIdle: Bool) -> WaitingCall? {
        guard count > 0 else { return nil }
        let search = Search(cached: cached, opensGroups: opensGroups, worth: isIdle ? 1 : 2)
        guard let node = find(from: places[server] ?? root, search) else { return nil }
        if node !== places[server] {
            node.entered()
            places.updateValue(node, forKey: server)?.abandoned()
        }
        return takeSingle(of: node)
    }

    /// The call that has waited longest, out of its turn.
    func takeOldest() -> WaitingCall? {
        while let first = arrivals.popFirst() {
            if let call = remove(first.number) { return call }
        }
        return nil
    }

    /// The call that came first, left where it is.
    func peekOldest() -> WaitingCall? { oldest.flatMap { _ in arrivals.first.flatMap { entries[$0.number]?.call } } }

    /// The server works on nothing here any more.
    func leave(_ server: ServerID) { places.removeValue(forKey: server)?.abandoned() }

    /// The servers that are meant work on nothing here any more. Returns whether any did.
    func leave(where isMeant: (ServerID) -> Bool) -> Bool {
        let meant = places.keys.filter(isMeant).sorted()
        for server in meant { leave(server) }
        return !meant.isEmpty
    }

    private struct Search {
        var cached: CachedPrefixes
        var opensGroups: Bool
        /// How many times the cost of its prefix must be left of a group that others work on.
        var worth: Int
    }

    /// Children of a node among which a cached one is looked for.
    private static let looked = 64

    /// A node with a single, in depth-first order from `here` upwards.
    private func find(from here: PrefixNode, _ search: Search) -> PrefixNode? {
        var node: PrefixNode? = here
        while let current = node {
            // Without room in its cache a server goes on with prompts that are like its last ones for the most part.
            guard search.opensGroups || 2 * current.depth >= here.depth else { return nil }
            if let found = descend(current, search) { return found }
            node = current.parent
        }
        return search.opensGroups ? join(search) : nil
    }

    /// A node with a single at or below `node`, passing by what other servers work on.
    private func descend(_ node: PrefixNode, _ search: Search) -> PrefixNode? {
        var node = node
        while !hasSingle(node) {
            guard let child = cachedIdleChild(of: node, search) ?? node.heaviestIdleChild() else { return nil }
            node = child
        }
        return node
    }

    private func cachedIdleChild(of node: PrefixNode, _ search: Search) -> PrefixNode? {
        guard node.children.count <= Self.looked else { return nil }
        var best: PrefixNode?
        for child in node.children.values where child.workers == 0 && child.waiting > 0 {
            guard let hash = child.hash, search.cached.holds(hash) else { continue }
            if best.map({ precedes(child, $0) }) ?? true { best = child }
        }
        return best
    }

    /// Where most work is left of what others do, if it is worth computing the prefix once more.
    private func join(_ search: Search) -> PrefixNode? {
        var node = root
        var held = 0
        while true {
            if let found = descend(node, search) { return found }
            var best: PrefixNode?
            for child in node.worked where child.waiting > 0 {
                let isHeld = child.hash.map(search.cached.holds) ?? false
                let cost = isHeld ? 0 : (child.depth - held) * PrefixChain.chunkTokens
                guard child.work >= search.worth * cost else { continue }
                if best.map({ precedes(child, $0) }) ?? true { best = child }
            }
            guard let best else { return nil }
            node = best
            if let hash = best.hash, search.cached.holds(hash) { held = best.depth }
        }
    }

    private func precedes(_ left: PrefixNode, _ right: PrefixNode) -> Bool {
        left.work != right.work ? left.work > right.work : left.order < right.order
    }

    private func hasSingle(_ node: PrefixNode) -> Bool {
        while let number = node.singles.first {
            if let entry = entries[number], entry.node === node { return true }
            node.singles.removeFirst()
        }
        return false
    }

    private func takeSingle(of node: PrefixNode) -> WaitingCall? {
        guard hasSingle(node), let number = node.singles.popFirst() else { return nil }
        return remove(number)
    }
}
