import Support

/// The one queue in front of all model servers: which call goes where, and when.
///
/// Runs share the servers by tokens: each has a counter of what was sent for it, and the one that has had least for
/// its weight goes first. Within a run higher priorities go first, then lanes, and waiting raises both. What is left
/// open by that is decided by the policy, see ``PlacementPolicy`` and `PrefixTree`.
///
/// Load counts from dispatch, not from the first sign of a reply: else a burst goes to one server.
public struct Dispatcher {
    /// Load of a call beside its prompt, so that calls count whose prompts are cached whole.
    private static let callTokens = 16

    /// In which order calls are sent, and where.
    public let policy: PlacementPolicy
    /// Bounds and constants.
    public let limits: DispatcherLimits
    /// Bytes that wait.
    public private(set) var bytes = 0
    /// Calls that wait.
    public private(set) var count = 0
    /// Tokens of the calls that wait.
    public private(set) var tokens = 0

    private var flows: [String: Flow] = [:]
    private var names: [String] = []
    private var homes: [UInt64: (flow: String, key: Flow.Key)] = [:]
    private var servers: [ServerID: ServerLoad] = [:]
    private var lastServer = ServerID(0)
    /// The servers that could be given work at the last look.
    private var present: [ServerID] = []
    private var rate = DispatchRate()

    /// An empty queue.
    public init(policy: PlacementPolicy, limits: DispatcherLimits = DispatcherLimits()) {
        self.policy = policy
        self.limits = limits
    }

    // MARK: coming and going

    /// Counts a new call's bytes; nil when they fit. A call larger than the whole queue fits into an empty one.
    public mutating func reserve(_ size: Int) -> QueueRefusal? {
        guard bytes == 0 || bytes + size <= limits.bytes else {
            return QueueRefusal(place: count, wait: rate.time(for: tokens))
        }
        bytes += size
        return nil
    }

    /// Counts a call's bytes that was dispatched and waits again; such a call is never refused.
    public mutating func takeBack(_ size: Int) { bytes += size }

    /// Gives back the bytes of a call that waits no more.
    public mutating func release(_ size: Int) {
        precondition(size <= bytes, "more bytes leave the queue than entered")
        bytes -= size
    }

    /// A call begins to wait; its bytes are counted already.
    /// - Parameters:
    ///   - weight: the flow's share of tokens relative to others', from now on.
    ///   - inFlightLimit: calls of the flow at the servers at most, from now on; 0 for any number.
    public mutating func enqueue(_ call: WaitingCall, weight: Int = 100, inFlightLimit: Int = 0, at now: Instant) {
        precondition(homes[call.number] == nil, "a call waits twice")
        if flows[call.flow] == nil {
            flows[call.flow] = Flow()
            names.insert(call.flow, at: names.firstIndex { call.flow < $0 } ?? names.endIndex)
        }
        let lowest = flows.values.filter { $0.waiting > 0 }.map(\.served).min()
        flows[call.flow]?.wake(weight: weight, inFlightLimit: inFlightLimit, lowest: lowest)
        flows[call.flow]?.insert(call, since: now)
        homes[call.number] = (call.flow, Flow.key(of: call))
        count += 1
        tokens += call.tokens
    }

    /// Takes a waiting call out; false when it does not wait. Its bytes stay counted until they are released.
    @discardableResult
    public mutating func remove(_ number: UInt64) -> Bool {
        guard let home = homes.removeValue(forKey: number),
            let call = flows[home.flow]?.remove(number, key: home.key)
        else { return false }
        count -= 1
        tokens -= call.tokens
        forgetIfIdle(home.flow)
        return true
    }

    /// A call that was assigned ended there, whatever came of it.
    public mutating func ended(_ assignment: Assignment) {
        servers[assignment.server]?.pending -= assignment.load
        servers[assignment.server]?.inFlight -= 1
        flows[assignment.flow]?.inFlight -= 1
        forgetIfIdle(assignment.flow)
    }

    /// The server is gone, or was started anew: nothing is cached there. Calls under way there are still to be ended.
    public mutating func forget(_ server: ServerID) {
        for name in names { flows[name]?.leave(server) }
        servers[server]?.cached = CachedPrefixes(tokens: limits.cacheTokens)
    }

    /// Tokens that the server has to compute for what it was given.
    public func pendingTokens(of server: ServerID) -> Int { servers[server]?.pending ?? 0 }

    /// Calls that wait, by flow.
    public var waitingByFlow: [String: Int] { flows.mapValues(\.waiting) }

    // MARK: dispatch

    /// The next call and its server; nil when nothing that waits can be sent.
    /// - Parameters:
    ///   - rooms: every server that may be given work at all, full ones, too; the one that is chosen loses one place.
    ///   - serves: whether the server has the model.
    public mutating func next(
        rooms: inout [ServerRoom], at now: Instant, serves: (ServerID, String) -> Bool = { _, _ in true }
    ) -> Assignment? {
        guard count > 0, rooms.contains(where: { $0.free > 0 }) else { return nil }
        leaveAbsent(rooms)
        for room in rooms where servers[room.server] == nil {
            let tokens = room.kvTokens > 0 ? room.kvTokens : limits.cacheTokens
            servers[room.server] = ServerLoad(cached: CachedPrefixes(tokens: tokens))
        }
        for name in eligible() {
            guard let flow = flows[name] else { continue }
            let isOverdue = flow.sent % limits.overdueEvery == limits.overdueEvery - 1
            for key in flow.order(at: now, ageing: limits.ageing) {
                guard let tree = flow.tree(key), let oldest = tree.oldest else { continue }
                let able = rooms.indices.filter { rooms[$0].free > 0 && serves(rooms[$0].server, key.model) }
                guard !able.isEmpty else { continue }
                let waited = now.since(Instant(nanoseconds: oldest))
                let inOrder = policy != .prefix || isOverdue && waited > limits.ageing
                guard let (call, index) = choose(tree, able, rooms, inOrder: inOrder) else { continue }
                rooms[index].free -= 1
                return assign(call, to: rooms[index].server, at: now)
            }
        }
        return nil
    }

    /// Counts a call that goes to this server out of turn: a second try beside one that takes long.
    public mutating func assign(_ call: WaitingCall, on server: ServerID, at now: Instant) -> Assignment {
        charge(call, to: server, at: now)
    }

    /// Servers that may be given nothing work on nothing: what they were at is for the others.
    private mutating func leaveAbsent(_ rooms: [ServerRoom]) {
        let now = rooms.map(\.server)
        guard now != present else { return }
        for server in present where !now.contains(server) {
            for name in names { flows[name]?.leave(server) }
        }
        present = now
    }

    /// Names of the flows that may send, the one that has had least first.
    private func eligible() -> [String] {
        if names.count == 1 { return flows[names[0]]?.isEligible == true ? names : [] }
        return names.filter { flows[$0]?.isEligible == true }
            .sorted { (flows[$0]?.served ?? 0, $0) < (flows[$1]?.served ?? 0, $1) }
    }

    private mutating func choose(
        _ tree: PrefixTree, _ able: [Int], _ rooms: [ServerRoom], inOrder: Bool
    ) -> (WaitingCall, Int)? {
        let free = able.reduce(0) { $0 + rooms[$1].free }
        if inOrder || tree.count < free {
            guard let oldest = tree.peekOldest(), let index = place(oldest, able, rooms), let call = tree.takeOldest()
            else { return nil }
            return (call, index)
        }
        // A server pulls what suits it: first the one that has least to do.
        let order = able.sorted { (pending(rooms[$0]), rooms[$0].server) < (pending(rooms[$1]), rooms[$1].server) }
        for index in order {
            let room = rooms[index]
            guard let load = servers[room.server] else { continue }
            let call = tree.next(
                for: room.server, cached: load.cached, opensGroups: room.opensGroups || load.inFlight == 0,
                isIdle: load.inFlight == 0)
            if let call { return (call, index) }
        }
        return nil
    }

    /// The server for a call that need not wait for one.
    private mutating func place(_ call: WaitingCall, _ able: [Int], _ rooms: [ServerRoom]) -> Int? {
        switch policy {
        case .roundRobin:
            let sorted = able.sorted { rooms[$0].server < rooms[$1].server }
            let index = sorted.first { rooms[$0].server > lastServer } ?? sorted.first
            if let index { lastServer = rooms[index].server }
            return index
        case .leastWork:
            return able.min { (pending(rooms[$0]), given(rooms[$0])) < (pending(rooms[$1]), given(rooms[$1])) }
        case .prefix: return able.min { cost(call, rooms[$0]) < cost(call, rooms[$1]) }
        }
    }

    private func pending(_ room: ServerRoom) -> Int { servers[room.server]?.pending ?? 0 }
    private func given(_ room: ServerRoom) -> UInt64 { servers[room.server]?.dispatched ?? 0 }

    /// What is to be done there until the call is through; of equals the server that was given less.
    private func cost(_ call: WaitingCall, _ room: ServerRoom) -> (Int, UInt64) {
        guard let load = servers[room.server] else { return (call.tokens, 0) }
        return (load.pending + Self.uncached(call, load), load.dispatched)
    }

    private static func uncached(_ call: WaitingCall, _ load: ServerLoad) -> Int {
        call.tokens - load.cached.depth(of: call.chain) * PrefixChain.chunkTokens + callTokens
    }

    private mutating func assign(_ call: WaitingCall, to server: ServerID, at now: Instant) -> Assignment {
        homes[call.number] = nil
        count -= 1
        tokens -= call.tokens
        flows[call.flow]?.took()
        return charge(call, to: server, at: now)
    }

    private mutating func charge(_ call: WaitingCall, to server: ServerID, at now: Instant) -> Assignment {
        var load = Self.callTokens + call.tokens
        if var state = servers.removeValue(forKey: server) {
            load = Self.uncached(call, state)
            state.pending += load
            state.inFlight += 1
            state.dispatched += 1
            state.cached.use(call.chain)
            servers[server] = state
        }
        flows[call.flow]?.charge(call)
        rate.dispatched(call.tokens, at: now)
        return Assignment(call: call.number, flow: call.flow, server: server, load: load)
    }

    private mutating func forgetIfIdle(_ name: String) {
        guard let flow = flows[name], flow.waiting == 0, flow.inFlight == 0 else { return }
        flows[name] = nil
        names.removeAll { $0 == name }
    }
}
