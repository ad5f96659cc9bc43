/// Where a request may go.
struct PlacementCandidate: Equatable {
    /// Index of the server in the pool.
    var backend: Int
    /// Requests in flight there.
    var inFlight: Int
    /// Requests that may be in flight there.
    var window: Int
    /// Requests that it was ever given.
    var dispatched: UInt64
}

/// Chooses a server for a request. The place for grouping by shared prefix.
protocol PlacementPolicy {
    /// Index into `candidates`, which is never empty and holds only servers with room.
    func choose(among candidates: [PlacementCandidate]) -> Int
}

/// The server with the smallest part of its window in use; of equals the one that was given less.
struct LeastLoaded: PlacementPolicy {
    func choose(among candidates: [PlacementCandidate]) -> Int {
        var best = 0
        for index in candidates.indices.dropFirst() where precedes(candidates[index], candidates[best]) { best = index }
        return best
    }

    private func precedes(_ left: PlacementCandidate, _ right: PlacementCandidate) -> Bool {
        let (leftLoad, rightLoad) = (left.inFlight * right.window, right.inFlight * left.window)
        return leftLoad != rightLoad ? leftLoad < rightLoad : left.dispatched < right.dispatched
    }
}
