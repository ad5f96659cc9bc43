import GatewayLogic
import Hashing
import Support
import Testing

/// Servers whose prefix caches hold a fraction of what is asked, in units of chunks: each computes what it has not
/// cached, one call after the other.
private struct PlacementModel {
    static let shared = 5, group = 23, own = 4

    var groups: Int
    var calls: Int
    var cacheChunks: Int
    var window = 32

    struct Server {
        var cache: [UInt64: Int] = [:]
        var order: [(Int, UInt64)] = []
        var clock = 0
        var queue: [(Assignment, PrefixChain)] = []
        var busy = 0
    }

    private func chain(_ call: Int, _ group: Int) -> PrefixChain {
        var hashes = (0..<Self.shared).map { UInt64($0 + 1) }
        hashes += (0..<Self.group).map { UInt64(1_000_000 + group * 100 + $0) }
        hashes += (0..<Self.own).map { UInt64(1_000_000_000 + call * 10 + $0) }
        return PrefixChain(hashes: hashes)
    }

    /// Chunks that the busiest server had to compute, and the mean.
    func play(_ policy: PlacementPolicy, servers count: Int, seed: UInt64) -> (busiest: Int, mean: Double) {
        var random = SeededGenerator(seed: seed)
        var order = Array(0..<calls)
        for index in order.indices.reversed() where index > 0 {
            order.swapAt(index, Int(random.next() % UInt64(index + 1)))
        }
        var dispatcher = Dispatcher(policy: policy, limits: DispatcherLimits(bytes: .max))
        let now = Instant(nanoseconds: 0)
        var chains: [UInt64: PrefixChain] = [:]
        for call in order {
            let chain = chain(call, call % groups)
            chains[UInt64(call)] = chain
            dispatcher.enqueue(
                WaitingCall(
                    number: UInt64(call), flow: "r", model: "", chain: chain, tokens: chain.count * 64,
                    answerTokens: 1), at: now)
        }
        var caches = (0..<count).map { _ in LeastRecentlyUsed(capacity: cacheChunks) }
        var clocks = [Int](repeating: 0, count: count)
        var flying = [[Assignment]](repeating: [], count: count)
        var done = 0
        while done < calls {
            var rooms = (0..<count).map {
                ServerRoom(
                    server: ServerID(UInt32($0)), free: window - flying[$0].count, window: window,
                    kvTokens: cacheChunks * 64, opensGroups: true)
            }
            while let assignment = dispatcher.next(rooms: &rooms, at: now) {
                flying[Int(assignment.server.number)].append(assignment)
            }
            // The server whose clock is behind computes its next call.
            let working = (0..<count).filter { !flying[$0].isEmpty }
            guard let server = working.min(by: { clocks[$0] < clocks[$1] }) else { break }
            let assignment = flying[server].removeFirst()
            clocks[server] += chains[assignment.call].map { caches[server].use($0.hashes) } ?? 0
            dispatcher.ended(assignment)
            done += 1
        }
        return (clocks.max() ?? 0, Double(clocks.reduce(0, +)) / Double(count))
    }
}

private struct LeastRecentlyUsed {
    var capacity: Int
    private var used: [UInt64: UInt64] = [:]
    private var order: [(stamp: UInt64, hash: UInt64)] = []
    private var head = 0
    private var stamp: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    /// Chunks that were not there; a prefix is only as good as its beginning.
    mutating func use(_ hashes: [UInt64]) -> Int {
        let held = hashes.prefix { used[$0] != nil }.count
        for hash in hashes.reversed() {
            stamp += 1
            used[hash] = stamp
            order.append((stamp, hash))
        }
        while used.count > capacity {
            let oldest = order[head]
            head += 1
            if used[oldest.hash] == oldest.stamp { used[oldest.hash] = nil }
        }
        return hashes.count - held
    }
}

@Suite struct PlacementModelTests {
    @Test func manyGroupsInRandomOrderAreComputedOnceEach() {
        let model = PlacementModel(groups: 400, calls: 40_000, cacheChunks: 3_125)
        let ours = model.play(.prefix, servers: 4, seed: 1)
        let turns = model.play(.roundRobin, servers: 4, seed: 1)
        print("prefix", ours, "round robin", turns, Double(turns.busiest) / Double(ours.busiest))
        #expect(Double(turns.busiest) > 4.5 * Double(ours.busiest))
    }

    @Test func aHotPrefixIsSpreadEvenly() {
        let model = PlacementModel(groups: 1, calls: 10_000, cacheChunks: 3_125)
        let ours = model.play(.prefix, servers: 4, seed: 1)
        print("hot", ours)
        #expect(Double(ours.busiest) <= 1.05 * ours.mean)
    }
}
