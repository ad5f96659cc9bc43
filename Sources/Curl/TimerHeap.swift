import Support

/// Due times in order: a binary heap in which cancelled entries stay until they surface.
///
/// Ties fire in the order in which they were scheduled.
struct TimerHeap {
    typealias Work = () -> Void

    private struct Entry {
        let due: Instant
        let number: UInt64

        func precedes(_ other: Entry) -> Bool { due != other.due ? due < other.due : number < other.number }
    }

    private var entries: [Entry] = []
    private var work: [UInt64: Work] = [:]
    private var lastNumber: UInt64 = 0

    /// When the earliest timer is due.
    var nextDue: Instant? { mutating get { dropCancelled(); return entries.first?.due } }

    /// Adds a timer and returns its number.
    mutating func schedule(at due: Instant, _ body: @escaping Work) -> UInt64 {
        lastNumber += 1
        work[lastNumber] = body
        entries.append(Entry(due: due, number: lastNumber))
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return lastNumber
    }

    /// Forgets a timer; does nothing when it has fired.
    mutating func cancel(_ number: UInt64) {
        work.removeValue(forKey: number)
        if work.isEmpty { entries.removeAll(keepingCapacity: true) }
    }

    /// Takes the earliest timer that is due at `now`.
    mutating func popDue(at now: Instant) -> Work? {
        dropCancelled()
        guard let first = entries.first, first.due <= now else { return nil }
        removeFirst()
        return work.removeValue(forKey: first.number)
    }

    private mutating func dropCancelled() {
        while let first = entries.first, work[first.number] == nil { removeFirst() }
    }

    private mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].precedes(entries[least]) {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
