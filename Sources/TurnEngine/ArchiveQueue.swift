import HeapModule
import Model

/// Agents whose long-term memory may be left to the recorder, the one whose last turn is longest ago first.
///
/// A place may be out of date, since a turn moves nothing here. Whoever takes one looks again, and puts it back behind
/// where the agent has been of use meanwhile.
struct ArchiveQueue: Sendable {
    struct Place: Sendable, Comparable {
        /// The agent's last turn when it got the place, by the table's own count.
        var used: UInt64
        var agent: AgentID
        /// The agent's life in the table.
        var generation: UInt64

        static func < (left: Place, right: Place) -> Bool {
            left.used != right.used ? left.used < right.used : left.agent.number < right.agent.number
        }
    }

    private var heap: Heap<Place> = []
    /// Number of places taken so far: how often archiving has looked at an agent.
    private(set) var taken = 0

    var count: Int { heap.count }

    mutating func insert(_ place: Place) { heap.insert(place) }

    mutating func takeFirst() -> Place? {
        guard let first = heap.popMin() else { return nil }
        taken += 1
        return first
    }

    /// Keeps only the places for which `isKept` holds.
    mutating func keep(_ isKept: (Place) -> Bool) { heap = Heap(heap.unordered.filter(isKept)) }
}
