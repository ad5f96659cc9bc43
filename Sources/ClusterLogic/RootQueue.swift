/// Root turns that wait, of each partition in order, and of the partitions by turns: one that a host has just taken
/// over need not wait for all the others to be through.
struct RootQueue<Element: Sendable>: Sendable {
    private struct Lane: Sendable {
        var elements: [Element?] = []
        var head = 0
    }

    /// Lanes with elements in them, and no others.
    private var lanes: [UInt32: Lane] = [:]
    /// Partitions with elements, the next first, behind `turn` of them that are done with.
    private var order: [UInt32] = []
    private var turn = 0

    /// Adds an element at the end of its partition's.
    mutating func append(_ element: Element, partition: UInt32) {
        if lanes[partition] == nil { order.append(partition) }
        lanes[partition, default: Lane()].elements.append(element)
    }

    /// Puts an element in front of all of its partition's.
    mutating func prepend(_ element: Element, partition: UInt32) {
        guard let head = lanes[partition]?.head else {
            append(element, partition: partition)
            return
        }
        if head > 0 {
            lanes[partition]?.elements[head - 1] = element
            lanes[partition]?.head = head - 1
        } else {
            lanes[partition]?.elements.insert(element, at: 0)
        }
    }

    /// Takes the first element of the partition whose turn it is.
    mutating func popFirst() -> Element? {
        guard turn < order.count else { return nil }
        let partition = order[turn]
        turn += 1
        guard let head = lanes[partition]?.head, let element = lanes[partition]?.elements[head] else { return nil }
        lanes[partition]?.elements[head] = nil
        lanes[partition]?.head = head + 1
        if lanes[partition]?.elements.count == head + 1 {
            lanes[partition] = nil
        } else {
            order.append(partition)
        }
        // Now and then what is done with goes, so that the list stays as long as there are partitions, about.
        if turn > 2 * lanes.count + 64 {
            order.removeFirst(turn)
            turn = 0
        }
        return element
    }

    /// Takes all elements out.
    mutating func removeAll() { self = RootQueue() }
}
