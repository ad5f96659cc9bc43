/// The calls that wait for a server, bounded in bytes: several lanes, each first come, first served, and a lane is
/// served only when those before it are empty.
struct RequestQueue {
    /// Lanes, served in this order.
    enum Lane: Int, CaseIterable {
        /// Calls that were dispatched before and come back for a retry.
        case returning
        /// Calls of turns that are under way: finishing what is open keeps windows moving.
        case continuing
        /// First calls of turns.
        case opening
    }

    private var lanes = [FirstInFirstOut<UInt64>](repeating: FirstInFirstOut(), count: Lane.allCases.count)

    /// Most bytes that may wait.
    let limit: Int
    /// Bytes that wait, including those of calls that wait for their next try.
    private(set) var bytes = 0

    /// A queue for at most `limit` bytes.
    init(limit: Int) { self.limit = limit }

    /// Calls that can be dispatched now.
    var count: Int { lanes.reduce(0) { $0 + $1.count } }

    /// Counts a new call's bytes; false, and nothing changes, when they do not fit. A call larger than the whole
    /// queue fits into an empty one.
    mutating func reserve(_ size: Int) -> Bool {
        guard bytes == 0 || bytes + size <= limit else { return false }
        bytes += size
        return true
    }

    /// Counts a call's bytes that was dispatched and waits again; such a call is never refused.
    mutating func takeBack(_ size: Int) { bytes += size }

    /// Gives back the bytes of a call that waits no more.
    mutating func release(_ size: Int) {
        precondition(size <= bytes, "more bytes leave the queue than entered")
        bytes -= size
    }

    /// Adds a call, whose bytes are counted already.
    mutating func append(_ call: UInt64, to lane: Lane) { lanes[lane.rawValue].append(call) }

    /// Takes the next call; its bytes stay counted until they are released.
    mutating func popFirst() -> UInt64? {
        for lane in lanes.indices {
            if let call = lanes[lane].popFirst() { return call }
        }
        return nil
    }
}
