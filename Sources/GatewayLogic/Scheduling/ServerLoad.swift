/// What the queue knows of a server: what it has to compute, and what its cache is believed to hold.
struct ServerLoad {
    /// Load of a call beside its prompt, so that calls count whose prompts are cached whole.
    private static let callTokens = 16

    /// Tokens of calls under way there that had to be computed.
    var pending = 0
    /// Calls under way there.
    var inFlight = 0
    /// Calls that it was ever given.
    var dispatched: UInt64 = 0
    /// Whether it is gone as far as known: nothing is kept of it once its last call has ended.
    var isForgotten = false
    var cached: CachedPrefixes

    /// Tokens that it has to compute for the call.
    func uncached(_ call: WaitingCall) -> Int {
        call.tokens - cached.depth(of: call.chain) * PrefixChain.chunkTokens + Self.callTokens
    }
}

/// The servers' loads, at hand by their places among the rooms: a look at a thousand of them costs no search.
struct ServerLoads {
    private var loads: [ServerLoad] = []
    private var places: [ServerID: Int] = [:]
    /// Places in `loads` that nobody has.
    private var vacant: [Int] = []
    /// The servers that could be given work at the last look, and their places.
    private var present: [ServerID] = []
    private var order: [Int] = []
    /// Whether a present server's load was dropped since.
    private var isStale = false

    /// Takes the rooms in hand, and makes a load for each server that has none. Returns the servers that were there
    /// at the last look and are not now.
    mutating func look(_ rooms: [ServerRoom], cacheTokens: Int) -> [ServerID] {
        guard isStale || rooms.count != present.count || !zip(rooms, present).allSatisfy({ $0.server == $1 }) else {
            return []
        }
        let before = present
        present = rooms.map(\.server)
        order = rooms.map { place(of: $0.server, tokens: $0.kvTokens > 0 ? $0.kvTokens : cacheTokens) }
        for place in order { loads[place].isForgotten = false }
        isStale = false
        let now = Set(present)
        return before.filter { !now.contains($0) }
    }

    /// The load of the server with that place among the rooms of the last look.
    subscript(index: Int) -> ServerLoad { loads[order[index]] }

    // The same in parts: a copy of the whole for each of a thousand servers would cost more than the look itself.

    func pending(at index: Int) -> Int { loads[order[index]].pending }
    func dispatched(at index: Int) -> UInt64 { loads[order[index]].dispatched }
    func uncached(_ call: WaitingCall, at index: Int) -> Int { loads[order[index]].uncached(call) }

    func pending(of server: ServerID) -> Int { places[server].map { loads[$0].pending } ?? 0 }

    /// Counts a call that goes there; returns its load.
    mutating func charge(_ call: WaitingCall, to server: ServerID, cacheTokens: Int) -> Int {
        let place = place(of: server, tokens: cacheTokens)
        let load = loads[place].uncached(call)
        loads[place].pending += load
        loads[place].inFlight += 1
        loads[place].dispatched += 1
        loads[place].cached.use(call.chain)
        return load
    }

    /// A call that was charged ended.
    mutating func ended(_ assignment: Assignment) {
        guard let place = places[assignment.server] else { return }
        loads[place].pending -= assignment.load
        loads[place].inFlight -= 1
        if loads[place].isForgotten { dropIfIdle(assignment.server, place) }
    }

    /// The server is gone, or was started anew.
    mutating func forget(_ server: ServerID) {
        guard let place = places[server] else { return }
        loads[place].isForgotten = true
        loads[place].cached.removeAll()
        dropIfIdle(server, place)
    }

    private mutating func dropIfIdle(_ server: ServerID, _ place: Int) {
        guard loads[place].inFlight == 0 else { return }
        places[server] = nil
        vacant.append(place)
        isStale = true
    }

    private mutating func place(of server: ServerID, tokens: Int) -> Int {
        if let place = places[server] { return place }
        let load = ServerLoad(cached: CachedPrefixes(tokens: tokens))
        let place = vacant.popLast() ?? loads.count
        if place < loads.count { loads[place] = load } else { loads.append(load) }
        places[server] = place
        return place
    }
}
