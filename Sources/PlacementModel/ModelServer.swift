/// A server's cost in prefill tokens: a prefix cache of so many tokens, least recently used first out, exact to the
/// token. Written apart from what the gateway believes of its servers, so that the one does not prove the other.
struct ModelServer {
    /// A part of a prompt that may be cached.
    enum Part: Hashable {
        case shared
        case scenario(Int)
        case own(Int)

        var tokens: Int {
            switch self {
            case .shared: PlacementWorkload.shared
            case .scenario: PlacementWorkload.scenario
            case .own: PlacementWorkload.own
            }
        }
    }

    let capacity: Int
    private(set) var work = 0
    private(set) var hits = 0
    private var held = 0
    private var stamp = 0
    private var lastUse: [Part: Int] = [:]
    /// Uses in order; one that is not a part's last is passed over.
    private var uses: [(part: Part, stamp: Int)] = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    /// Reads a prompt; returns the tokens that were not cached.
    mutating func read(request: Int, group: Int) -> Int {
        let parts: [Part] = [.shared, .scenario(group), .own(request)]
        var cost = 0
        var cached = true
        for part in parts {
            cached = cached && lastUse[part] != nil
            if cached { hits += part.tokens } else { cost += part.tokens }
        }
        // The end of a prompt is older than its beginning, and goes first.
        for part in parts.reversed() { use(part) }
        evict()
        work += cost
        return cost
    }

    private mutating func use(_ part: Part) {
        stamp += 1
        if lastUse.updateValue(stamp, forKey: part) == nil { held += part.tokens }
        uses.append((part, stamp))
    }

    private mutating func evict() {
        while held > capacity, oldest < uses.count {
            let (part, stamp) = uses[oldest]
            oldest += 1
            if lastUse[part] == stamp {
                lastUse[part] = nil
                held -= part.tokens
            }
        }
        if oldest > 4096, oldest * 2 > uses.count {
            uses.removeFirst(oldest)
            oldest = 0
        }
    }
}
