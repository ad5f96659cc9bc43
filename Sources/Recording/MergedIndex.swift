import ClusterLogic
import Model

/// Which trees of a round change which partition, and how many changes lie before each: built in one pass over the
/// round, so that sixty-four partitions do not each read every tree.
struct MergedIndex {
    /// A tree that changes a partition.
    struct Entry {
        var tree: Int64
        /// Number of the partition's changes before this tree.
        var start: UInt32
    }

    private(set) var entries: [UInt32: [Entry]] = [:]
    private(set) var counts: [UInt32: UInt32] = [:]
    /// Decisions on the claims of the trees that have any.
    private(set) var granted: [Int64: [Bool]] = [:]

    /// Adds a tree that follows all those before it in the order of the merge.
    mutating func add(_ tree: Tree, id: Int64, granted decisions: [Bool], partition: (AgentID) -> UInt32?) {
        if !decisions.isEmpty { granted[id] = decisions }
        for change in MergedChange.delivered(by: tree, granted: decisions) {
            guard let partition = partition(change.target) else { continue }
            let count = counts[partition, default: 0]
            if entries[partition]?.last?.tree != id {
                entries[partition, default: []].append(Entry(tree: id, start: count))
            }
            counts[partition] = count + 1
        }
    }

    /// The trees that hold the partition's changes from the one numbered `offset` on.
    func entries(partition: UInt32, from offset: UInt32) -> ArraySlice<Entry> {
        let all = entries[partition] ?? []
        guard offset < counts[partition, default: 0] else { return [] }
        var low = 0
        var high = all.count
        while low < high {
            let middle = (low + high) / 2
            if all[middle].start <= offset { low = middle + 1 } else { high = middle }
        }
        return all[max(0, low - 1)...]
    }
}
