/// Selection by score: in integers, so that it comes out the same everywhere.
enum TopFilms {
    /// Places of the `count` films with the highest scores that are not in `seen`, best first. Of films with equal
    /// scores those go before that come first counted from `start`, which is drawn: else nobody would ever see a film
    /// late in the catalogue that nobody has rated yet.
    static func best(_ count: Int, of films: Int, seen: Set<Int>, from start: Int, score: (Int) -> Int64) -> [Int] {
        var best: [(score: Int64, film: Int)] = []
        guard count > 0 else { return [] }
        for step in 0..<films {
            let film = start + step < films ? start + step : start + step - films
            let own = score(film)
            if best.count == count, let last = best.last, own <= last.score { continue }
            guard !seen.contains(film) else { continue }
            let place = best.firstIndex { $0.score < own } ?? best.count
            best.insert((own, film), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.film)
    }
}
