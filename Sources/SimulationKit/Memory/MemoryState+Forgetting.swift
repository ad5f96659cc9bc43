/// Forgetting. Long-term memory is a function of the entries that it ever got, one by one: whenever one makes it longer
/// than the limit, a quarter goes at once. So it comes to the same whether entries were forgotten as they came or,
/// where the older ones were archived meanwhile, only when these are back. Entries go many at a time because snapshots
/// write the memory of an agent anew when some of it is gone.
extension MemoryState {
    /// Forgets what there is no room for; how many entries that are.
    mutating func forgetSurplus(_ settings: MemorySettings) -> Int {
        guard settings.longLimit > 0, archived == 0, long.count > settings.longLimit else { return 0 }
        let before = long.count
        var isGone = [Bool](repeating: false, count: before)
        for place in settings.kind.policy.forgotten(of: long, settings: settings) where isGone.indices.contains(place) {
            isGone[place] = true
        }
        var kept: [LongEntry] = []
        kept.reserveCapacity(settings.longLimit + 1)
        for place in long.indices where !isGone[place] { kept.append(long[place]) }
        // Whatever a policy says, the limit holds.
        if kept.count > settings.longLimit { kept.removeFirst(kept.count - settings.longLimit) }
        replaceLong(kept)
        return before - kept.count
    }

    /// Puts entries in front of those that are here, the oldest first, in place of the archived ones; none is archived
    /// then. Gives how many were forgotten on the way.
    @discardableResult public mutating func restore(_ prefix: [LongEntry], settings: MemorySettings) -> Int {
        let (behind, time) = (long, lastLongTime)
        replaceLong([])
        endArchive()
        var forgotten = 0
        for entry in prefix { forgotten += add(entry, settings: settings) }
        for entry in behind { forgotten += add(entry, settings: settings) }
        noteLast(time)
        return forgotten
    }
}
