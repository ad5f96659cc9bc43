import ClusterLogic
import Model

/// Which trees of a round change which partition, and how many changes lie before each: built in one pass over the
/// round, so that sixty-four partitions do not each read every tree.
struct MergedIndex {
    /// A tree that changes a partition.
    struct Entry: Hashable {
        var tree: Int64
        /// Number of the partition's changes before this tree.
        var start: UInt32
    }

    /// What changes one partition.
    struct Part: Hashable {
        var entries: [Entry] = []
        /// Number of changes.
        var count: UInt32 = 0

        /// The trees that hold the changes from the one numbered `offset` on.
        func entries(from offset: UInt32) -> ArraySlice<Entry> {
            guard offset < count else { return [] }
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].start <= offset { low = middle + 1 } else { high = middle }
            }
            return entries[max(0, low - 1)...]
        }
    }

    private var parts: [UInt32: Part] = [:]

    /// The partitions that anything changes.
    var partitions: [UInt32] { parts.keys.sorted() }

    /// What changes a partition.
    subscript(partition: UInt32) -> Part {
        get { parts[partition] ?? Part() }
        set { parts[partition] = newValue }
    }

    /// Adds a tree that follows all those before it in the order of the merge.
    mutating func add(_ tree: Tree, id: Int64, granted decisions: [Bool], partition: (AgentID) -> UInt32?) {
        for change in MergedChange.delivered(by: tree, granted: decisions) {
            guard let partition = partition(change.target) else { continue }
            add(id, to: &parts[partition, default: Part()])
        }
    }

    private func add(_ tree: Int64, to part: inout Part) {
        if part.entries.last?.tree != tree { part.entries.append(Entry(tree: tree, start: part.count)) }
        part.count += 1
    }
}
