import DequeModule
import HeapModule

/// A prefix that waiting calls share, in a ``PrefixTree``.
final class PrefixNode {
    /// A child that nobody works on, in the order in which children are begun: most work first, by powers of two, and
    /// of equals the one that was there first.
    struct Idle: Comparable {
        var child: PrefixNode
        /// The child's bucket when it was entered; another one now means that this entry is stale.
        var bucket: Int

        static func == (left: Idle, right: Idle) -> Bool { left.child === right.child && left.bucket == right.bucket }
        static func < (left: Idle, right: Idle) -> Bool {
            left.bucket != right.bucket ? left.bucket < right.bucket : left.child.order > right.child.order
        }
    }

    /// Chunks of the prefix.
    let depth: Int
    /// Number of the node in order of creation.
    let order: UInt64
    /// Hashes from the parent's depth to this one.
    private(set) var edge: ArraySlice<UInt64>
    /// The shorter prefix; nil at the root. A child never outlives it.
    private(set) unowned(unsafe) var parent: PrefixNode?
    /// Longer prefixes that two calls or more share, by their first hash beyond this one.
    private(set) var children: [UInt64: PrefixNode] = [:]
    /// Calls that share this prefix with others and no longer one, in order of arrival; some of them are gone.
    var singles = Deque<UInt64>()
    /// Those of them whose prompts go on, by the next hash.
    var singlesByHash: [UInt64: UInt64] = [:]
    /// Calls that wait here and below.
    private(set) var waiting = 0
    /// Tokens of these calls beyond this prefix.
    private(set) var work = 0
    /// Servers that work here or below.
    private(set) var workers = 0
    /// Children that servers work on.
    private(set) var worked: [PrefixNode] = []
    private var idle = Heap<Idle>()
    /// Where the parent's heap has this node; -1 when it does not.
    private var bucket = -1

    init(depth: Int, edge: ArraySlice<UInt64>, parent: PrefixNode?, order: UInt64) {
        self.depth = depth
        self.edge = edge
        self.parent = parent
        self.order = order
    }

    /// Hash of the whole prefix; nil at the root.
    var hash: UInt64? { edge.last }

    /// Tokens of the prefix.
    var tokens: Int { depth * PrefixChain.chunkTokens }

    // MARK: calls

    /// Counts a call that came, here and above.
    func arrived(tokens: Int) {
        var node: PrefixNode? = self
        while let current = node {
            current.waiting += 1
            current.work += tokens - current.tokens
            current.refile()
            node = current.parent
        }
    }

    /// Counts a call here that is counted above already.
    func moved(tokens: Int) {
        waiting += 1
        work += tokens - self.tokens
        refile()
    }

    /// Counts a call that went, here and above, and takes nodes away that have nothing left.
    func left(tokens: Int) {
        var node: PrefixNode? = self
        while let current = node {
            current.waiting -= 1
            current.work -= tokens - current.tokens
            let parent = current.parent
            current.detachIfEmpty()
            node = parent
        }
    }

    // MARK: shape

    /// A new node between this one and its child, at `depth`; it takes over the child's counts.
    func split(_ child: PrefixNode, at depth: Int, order: UInt64) -> PrefixNode {
        let cut = child.edge.startIndex + (depth - self.depth)
        let middle = PrefixNode(depth: depth, edge: child.edge[..<cut], parent: self, order: order)
        let first = child.edge[child.edge.startIndex]
        child.edge = child.edge[cut...]
        child.parent = middle
        middle.children[child.edge[cut]] = child
        middle.waiting = child.waiting
        middle.work = child.work + child.waiting * (child.depth - depth) * PrefixChain.chunkTokens
        middle.workers = child.workers
        children[first] = middle
        if child.workers > 0 {
            middle.worked = [child]
            worked.removeAll { $0 === child }
            worked.append(middle)
        }
        child.bucket = -1
        child.refile()
        middle.refile()
        return middle
    }

    /// A new child without calls.
    func child(edge: ArraySlice<UInt64>, order: UInt64) -> PrefixNode {
        let child = PrefixNode(depth: depth + edge.count, edge: edge, parent: self, order: order)
        children[edge[edge.startIndex]] = child
        return child
    }

    private func detachIfEmpty() {
        guard waiting == 0, workers == 0, let parent else { return }
        parent.children[edge[edge.startIndex]] = nil
        bucket = -1
    }

    // MARK: servers

    /// A server begins to work here.
    func entered() {
        var node: PrefixNode? = self
        while let current = node {
            current.workers += 1
            if current.workers == 1 {
                current.bucket = -1
                current.parent?.worked.append(current)
            }
            node = current.parent
        }
    }

    /// A server goes elsewhere.
    func abandoned() {
        var node: PrefixNode? = self
        while let current = node {
            current.workers -= 1
            let parent = current.parent
            if current.workers == 0 {
                parent?.worked.removeAll { $0 === current }
                current.refile()
                current.detachIfEmpty()
            }
            node = parent
        }
    }

    /// Puts the node where its parent looks for work that nobody does.
    private func refile() {
        guard let parent, workers == 0, waiting > 0 else { return }
        let now = Int.bitWidth - max(1, work).leadingZeroBitCount
        guard now > bucket else { return }
        bucket = now
        parent.idle.insert(Idle(child: self, bucket: now))
        parent.trimIdle()
    }

    /// Stale entries stay until they outweigh the others.
    private func trimIdle() {
        guard idle.count > 2 * children.count + 64 else { return }
        idle = Heap(idle.unordered.filter { isCurrent($0) })
    }

    private func isCurrent(_ entry: Idle) -> Bool {
        entry.child.bucket == entry.bucket && entry.child.waiting > 0 && entry.child.workers == 0
            && children[entry.child.edge[entry.child.edge.startIndex]] === entry.child
    }

    /// The child with most work of those that nobody works on.
    func heaviestIdleChild() -> PrefixNode? {
        while let top = idle.max {
            let child = top.child
            guard isCurrent(top) else {
                idle.removeMax()
                continue
            }
            let now = Int.bitWidth - max(1, child.work).leadingZeroBitCount
            guard now == top.bucket else {
                // Calls went away: it is entered again for what it has now.
                idle.removeMax()
                child.bucket = -1
                child.refile()
                continue
            }
            return child
        }
        return nil
    }
}
