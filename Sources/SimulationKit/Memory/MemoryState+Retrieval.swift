import Vectors

extension MemoryState {
    /// What comes to mind at `now`, in simulated seconds, at the sight of something with the vector `query`: what the
    /// configured policy names, K_l entries at most and none twice.
    public func retrieve(query: FixedVector?, now: Int64, settings: MemorySettings) -> MemoryView {
        let texts = short.map(\.text)
        guard settings.kind.keepsLongTerm else { return MemoryView(short: texts) }
        return MemoryView(short: texts, long: recall(query: query, now: now, settings: settings))
    }

    /// Texts of the entries that come to mind from long-term memory, what counts most first.
    func recall(query: FixedVector?, now: Int64, settings: MemorySettings) -> [String] {
        precondition(archived == 0, "archived entries are restored before anything is retrieved")
        let places = settings.kind.policy.recall(from: self, query: query, now: now, settings: settings)
        var seen: Set<Int> = []
        var texts: [String] = []
        for place in places where texts.count < settings.long {
            guard (0..<recallable).contains(place), seen.insert(place).inserted else { continue }
            texts.append(entry(at: place).text)
        }
        return texts
    }

    /// Number of entries that can come to mind from long-term memory: those that are rated, and behind them the pending
    /// ones.
    public var recallable: Int { long.count + pending.count }

    /// The entry at a place below `recallable`. A pending one has no rating and no vector yet.
    public func entry(at place: Int) -> LongEntry {
        if place < long.count { return long[place] }
        let entry = pending[place - long.count]
        return LongEntry(text: entry.text, time: entry.time, importance: 0, vector: nil)
    }

    /// Places of the K_l entries with the highest scores, the highest first, ties to the newest.
    ///
    /// Candidates are the last K_l entries of long-term memory, pending ones included, united with the K_l nearest by
    /// vector; relevance counts only where the search found the entry, importance only where it is rated.
    public func ranked(query: FixedVector?, now: Int64, settings: MemorySettings) -> [Int] {
        let near = query.map { relevances(to: $0, count: settings.long) } ?? []
        let latest = max(0, recallable - settings.long)..<recallable
        var isNear = [Bool](repeating: false, count: latest.count)
        for (place, _) in near where latest.contains(place) { isNear[place - latest.lowerBound] = true }
        let candidates = near + latest.filter { !isNear[$0 - latest.lowerBound] }.map { ($0, 0) }
        var scored: [(place: Int, score: Int64)] = []
        scored.reserveCapacity(candidates.count)
        for (place, relevance) in candidates {
            let isRated = place < long.count
            let time = isRated ? long[place].time : pending[place - long.count].time
            let rating = isRated ? long[place].importance : 0
            var score = MemoryScore.recency(seconds: now &- time)
            score += relevance
            score += MemoryScore.importance(rating: rating, weight: settings.importanceWeight)
            scored.append((place, score))
        }
        scored.sort { $0.score != $1.score ? $0.score > $1.score : $0.place > $1.place }
        return scored.prefix(settings.long).map(\.place)
    }

    /// Relevance of the `count` entries nearest to `query`, by index; ties to the newest.
    private func relevances(to query: FixedVector, count: Int) -> [(index: Int, relevance: Int64)] {
        var indexes: [Int] = []
        var products: [Int64] = []
        for (index, entry) in long.enumerated() {
            // A vector of another dimension cannot be compared; checks at the door keep it out.
            guard let vector = entry.vector, vector.dimension == query.dimension else { continue }
            indexes.append(index)
            products.append(vector.dot(query))
        }
        return ExactSearch.best(of: products, count: count, ties: .highestIndex).compactMap { match in
            let index = indexes[match.index]
            guard let vector = long[index].vector else { return nil }
            return (index, MemoryScore.relevance(vector, query))
        }
    }
}
