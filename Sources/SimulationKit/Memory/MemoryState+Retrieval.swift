import Vectors

extension MemoryState {
    /// What comes to mind at `now`, in simulated seconds, at the sight of something with the vector `query`.
    ///
    /// Candidates are the last K_l entries of long-term memory, pending ones included, united with the K_l nearest by
    /// vector; relevance counts only where the search found the entry, importance only where it is rated. The K_l
    /// highest scores come to mind, the highest first, ties to the newest, and no entry twice.
    public func retrieve(query: FixedVector?, now: Int64, settings: MemorySettings) -> MemoryView {
        guard settings.kind != .none else { return MemoryView() }
        let texts = short.map(\.text)
        guard settings.kind.keepsLongTerm else { return MemoryView(short: texts) }
        return MemoryView(short: texts, long: recall(query: query, now: now, settings: settings))
    }

    /// Texts of the entries that come to mind from long-term memory, the highest score first.
    func recall(query: FixedVector?, now: Int64, settings: MemorySettings) -> [String] {
        precondition(archived == 0, "archived entries are restored before anything is retrieved")
        let total = long.count + pending.count
        let near = query.map { relevances(to: $0, count: settings.long) } ?? []
        let latest = max(0, total - settings.long)..<total
        var isNear = [Bool](repeating: false, count: latest.count)
        for (index, _) in near where latest.contains(index) { isNear[index - latest.lowerBound] = true }
        let candidates = near + latest.filter { !isNear[$0 - latest.lowerBound] }.map { ($0, 0) }
        var scored: [(index: Int, score: Int64)] = []
        scored.reserveCapacity(candidates.count)
        for (index, relevance) in candidates {
            let isRated = index < long.count
            let time = isRated ? long[index].time : pending[index - long.count].time
            let rating = isRated ? long[index].importance : 0
            var score = MemoryScore.recency(seconds: now &- time)
            score += relevance
            score += MemoryScore.importance(rating: rating, weight: settings.importanceWeight)
            scored.append((index, score))
        }
        scored.sort { $0.score != $1.score ? $0.score > $1.score : $0.index > $1.index }
        return scored.prefix(settings.long).map { entry in
            entry.index < long.count ? long[entry.index].text : pending[entry.index - long.count].text
        }
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
