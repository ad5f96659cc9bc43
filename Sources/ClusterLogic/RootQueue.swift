import DequeModule

/// Root turns that wait, of each partition in order, and of the partitions by turns: one that a host has just taken
/// over need not wait for all the others to be through.
struct RootQueue<Element: Sendable>: Sendable {
    /// Lanes with elements in them, and no others.
    private var lanes: [UInt32: Deque<Element>] = [:]
    /// Partitions with elements, the next first.
    private var order = Deque<UInt32>()

    /// Adds an element at the end of its partition's.
    mutating func append(_ element: Element, partition: UInt32) {
        if lanes[partition] == nil { order.append(partition) }
        lanes[partition, default: []].append(element)
    }

    /// Puts an element in front of all of its partition's.
    mutating func prepend(_ element: Element, partition: UInt32) {
        if lanes[partition] == nil { order.append(partition) }
        lanes[partition, default: []].prepend(element)
    }

    /// Takes the first element of the partition whose turn it is.
    mutating func popFirst() -> Element? {
        guard let partition = order.popFirst(), let element = lanes[partition]?.popFirst() else { return nil }
        if lanes[partition]?.isEmpty == true { lanes[partition] = nil } else { order.append(partition) }
        return element
    }

    /// Takes all elements out.
    mutating func removeAll() { self = RootQueue() }
}
