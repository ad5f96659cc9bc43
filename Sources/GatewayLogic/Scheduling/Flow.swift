import Support

/// The waiting calls of one run, and how much it has had.
struct Flow {
    /// A lane of one priority for one model.
    struct Key: Hashable, Comparable {
        var model: String
        /// Priority and lane in one number; higher goes first.
        var rank: Int

        static func < (left: Key, right: Key) -> Bool {
            left.rank != right.rank ? left.rank > right.rank : left.model < right.model
        }
    }

    /// The flow's share relative to the others'.
    var weight = 1
    /// Calls at the servers at most; 0 for any number.
    var inFlightLimit = 0
    /// Calls at the servers.
    var inFlight = 0
    /// Tokens that were sent for it, each divided by its weight.
    var served: Double = 0
    /// Calls sent.
    var sent: UInt64 = 0
    /// Calls that wait.
    private(set) var waiting = 0
    private var trees: [Key: PrefixTree] = [:]
    /// The keys of `trees`, in order.
    private(set) var keys: [Key] = []

    /// Whether it may be given a server now.
    var isEligible: Bool { waiting > 0 && !isAtLimit }

    /// Whether it has as many calls at the servers as it may.
    var isAtLimit: Bool { inFlightLimit > 0 && inFlight >= inFlightLimit }

    static func key(of call: WaitingCall) -> Key {
        Key(model: call.model, rank: call.priority * WaitingCall.Lane.allCases.count + call.lane.rawValue)
    }

    func tree(_ key: Key) -> PrefixTree? { trees[key] }

    mutating func insert(_ call: WaitingCall, since: Instant) {
        let key = Self.key(of: call)
        if let tree = trees[key] {
            tree.insert(call, since: since.nanoseconds)
        } else {
            let tree = PrefixTree()
            trees[key] = tree
            let index = keys.firstIndex { key < $0 } ?? keys.endIndex
            keys.insert(key, at: index)
            tree.insert(call, since: since.nanoseconds)
        }
        waiting += 1
    }

    mutating func remove(_ number: UInt64, key: Key) -> WaitingCall? {
        guard let call = trees[key]?.remove(number) else { return nil }
        waiting -= 1
        return call
    }

    /// Counts a call that its tree gave away.
    mutating func took() { waiting -= 1 }

    /// Its lanes that have calls, in the order in which they are served: a call's rank rises by one priority for each
    /// `ageing` that it has waited.
    func order(at now: Instant, ageing: Span) -> [Key] {
        var ranked: [(key: Key, rank: UInt64)] = []
        for key in keys {
            guard let oldest = trees[key]?.oldest else { continue }
            let waited = now.since(Instant(nanoseconds: oldest)).nanoseconds
            let steps = ageing.nanoseconds == 0 ? 0 : waited / ageing.nanoseconds
            ranked.append((key, UInt64(key.rank) + min(steps, 1_000) * UInt64(WaitingCall.Lane.allCases.count)))
        }
        return ranked.enumerated().sorted { left, right in
            left.element.rank != right.element.rank
                ? left.element.rank > right.element.rank : left.offset < right.offset
        }.map(\.element.key)
    }

    /// The server works on nothing of it any more.
    func leave(_ server: ServerID) { for key in keys { trees[key]?.leave(server) } }
}

extension Flow {
    /// A call comes: a flow that had none waiting has nothing saved up from its absence.
    /// `reached` is what the others have had, whether or not anything of them waits now.
    mutating func wake(weight: Int, inFlightLimit: Int, reached: Double) {
        self.weight = max(1, weight)
        self.inFlightLimit = max(0, inFlightLimit)
        if waiting == 0 { served = max(served, reached) }
    }

    /// Counts a call that is sent. A flow that fell far behind the others, as behind a limit of its own or for want of
    /// its model's servers, has had `least` for all that.
    mutating func charge(_ call: WaitingCall, least: Double) {
        served = max(served, least) + Double(call.tokens + call.answerTokens) / Double(weight)
        inFlight += 1
        sent += 1
    }
}
