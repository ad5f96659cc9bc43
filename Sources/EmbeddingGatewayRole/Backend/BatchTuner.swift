import Support

/// Finds how many texts a request to one server should hold, by measuring texts per second.
///
/// Works a ladder of sizes: from the best known one it tries the neighbours, and goes where more comes out; now and
/// then it looks again. Only times under load count, where requests are full and overlap.
struct BatchTuner {
    private static let ladder = [
        1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048,
    ]
    /// Where an unknown server begins: large enough for some of the gain, small enough for every server.
    private static let firstSize = 8
    /// Batches and time that one measurement takes at least.
    private static let batchesPerLook = 24
    private static let nanosecondsPerLook: UInt64 = 100_000_000
    /// Measurements at the best size between two looks at its neighbours.
    private static let looksBetweenTrials = 48

    private var sizes: [Int]
    private var rates: [Double?]
    private var place: Int
    private var looks = 0
    private var triesLarger = true

    private var inFlight = 0
    private var mark = Instant(nanoseconds: 0)
    /// Batches under way that were sent under another size.
    private var stale = 0
    private var batches = 0
    private var texts = 0
    private var busy: UInt64 = 0
    /// Time in flight of all batches together.
    private var flown: UInt64 = 0

    /// A tuner for a server that takes at most `limit` texts.
    init(limit: Int) {
        precondition(limit > 0, "a request holds at least one text")
        sizes = Self.ladder.filter { $0 < limit } + [limit]
        rates = sizes.map { _ in nil }
        place = sizes.lastIndex { $0 <= Self.firstSize } ?? 0
    }

    /// Texts in a request at most, now.
    var size: Int { sizes[place] }

    /// The server takes fewer texts than was thought.
    mutating func limit(to limit: Int) {
        guard let last = sizes.last, limit < last else { return }
        let kept = zip(sizes, rates).filter { $0.0 < max(1, limit) }
        sizes = kept.map(\.0) + [max(1, limit)]
        rates = kept.map(\.1) + [nil]
        place = min(place, sizes.count - 1)
        startOver()
    }

    /// A batch leaves.
    mutating func began(at now: Instant) {
        pass(to: now)
        inFlight += 1
    }

    /// A batch is back; `texts` is nil where it brought nothing.
    mutating func ended(texts count: Int?, at now: Instant) {
        pass(to: now)
        inFlight -= 1
        guard stale == 0, let count else {
            stale = max(0, stale - 1)
            return clear()
        }
        batches += 1
        texts += count
        guard batches >= Self.batchesPerLook, busy >= Self.nanosecondsPerLook else { return }
        look()
    }

    private mutating func pass(to now: Instant) {
        defer { mark = now }
        guard inFlight > 0 else { return }
        let span = now.since(mark).nanoseconds
        busy += span
        flown += span * UInt64(inFlight)
    }

    private mutating func look() {
        // At 60 % full and 1.5 in flight on the average the server was what everybody waited for.
        let isLoaded = texts * 10 >= batches * size * 6 && flown * 2 >= busy * 3
        if isLoaded {
            let rate = Double(texts) / Double(busy)
            rates[place] = rates[place].map { ($0 + rate) / 2 } ?? rate
        }
        clear()
        let best = self.best
        guard best == place, isLoaded else { return move(to: best) }
        if place + 1 < sizes.count, rates[place + 1] == nil { return move(to: place + 1) }
        if place > 0, rates[place - 1] == nil { return move(to: place - 1) }
        looks += 1
        guard looks >= Self.looksBetweenTrials else { return }
        looks = 0
        triesLarger.toggle()
        move(to: min(max(place + (triesLarger ? 1 : -1), 0), sizes.count - 1))
    }

    /// The smallest size that is within a hundredth of the best: smaller requests wait less.
    private var best: Int {
        guard let most = rates.compactMap({ $0 }).max() else { return place }
        return rates.firstIndex { ($0 ?? 0) >= most * 0.99 } ?? place
    }

    private mutating func move(to place: Int) {
        guard place != self.place else { return }
        self.place = place
        startOver()
    }

    private mutating func startOver() {
        stale = inFlight
        clear()
    }

    private mutating func clear() {
        batches = 0
        texts = 0
        busy = 0
        flown = 0
    }
}
