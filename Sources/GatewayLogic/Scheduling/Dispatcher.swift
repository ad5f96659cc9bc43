import HeapModule
import Support

/// The one queue in front of all model servers: which call goes where, and when.
///
/// Runs share the servers by tokens: each has a counter of what was sent for it, and the one that has had least for
/// its weight goes first. Within a run higher priorities go first, then lanes, and waiting raises both. What is left
/// open by that is decided by the policy, see ``PlacementPolicy`` and `PrefixTree`.
///
/// Load counts from dispatch, not from the first sign of a reply: else a burst goes to one server.
public struct Dispatcher {
    /// A server that may get a call; less goes first.
    private struct Candidate: Comparable {
        var cost: Int
        var tie: UInt64
        var index: Int

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.cost, left.tie, left.index) < (right.cost, right.tie, right.index)
        }
    }

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
    private var servers = ServerLoads()
    private var lastServer = ServerID(0)
    /// How much a run has had for its weight that never had to wait for another.
    private var reached = 0.0
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
        flows[call.flow]?.wake(weight: weight, inFlightLimit: inFlightLimit, reached: reached)
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
        servers.ended(assignment)
        flows[assignment.flow]?.inFlight -= 1
        forgetIfIdle(assignment.flow)
    }

    /// The server is gone, or was started anew: nothing is cached there. Calls under way there are still to be ended.
    public mutating func forget(_ server: ServerID) {
        for name in names { flows[name]?.leave(server) }
        servers.forget(server)
    }

    /// Tokens that the server has to compute for what it was given.
    public func pendingTokens(of server: ServerID) -> Int { servers.pending(of: server) }

    /// Whether the flow has as many calls at the servers as it may: what waits of it waits for them.
    public func isHeldBack(_ flow: String) -> Bool { flows[flow]?.isAtLimit ?? false }

    /// Calls of the flow that wait.
    public func waiting(of flow: String) -> Int { flows[flow]?.waiting ?? 0 }

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
        // Servers that may be given nothing work on nothing: what they were at is for the others.
        for server in servers.look(rooms, cacheTokens: limits.cacheTokens) {
            for name in names { flows[name]?.leave(server) }
        }
        for name in eligible() {
            guard let flow = flows[name] else { continue }
            let isOverdue = flow.sent % limits.overdueEvery == limits.overdueEvery - 1
            for key in flow.order(at: now, ageing: limits.ageing) {
                guard let tree = flow.tree(key), let oldest = tree.oldest else { continue }
                let waited = now.since(Instant(nanoseconds: oldest))
                let inOrder = policy != .prefix || isOverdue && waited > limits.ageing
                guard
                    let (call, index) = choose(
                        tree, rooms, inOrder: inOrder, serves: { serves($0, key.model) })
                else { continue }
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

    /// Names of the flows that may send, the one that has had least first.
    private func eligible() -> [String] {
        if names.count == 1 { return flows[names[0]]?.isEligible == true ? names : [] }
        let least = reached - limits.credit
        return names.filter { flows[$0]?.isEligible == true }
            .map { (max(flows[$0]?.served ?? 0, least), $0) }
            .sorted { $0 < $1 }.map(\.1)
    }

    // How a server of the model is looked for: among a thousand of them few are asked whether they have it.

    private mutating func choose(
        _ tree: PrefixTree, _ rooms: [ServerRoom], inOrder: Bool, serves: (ServerID) -> Bool
    ) -> (WaitingCall, Int)? {
        if inOrder || isRoom(for: tree.count, rooms, serves) {
            guard let oldest = tree.peekOldest(), let index = place(oldest, rooms, serves),
                let call = tree.takeOldest()
            else { return nil }
            return (call, index)
        }
        if let pulled = pull(tree, rooms, serves) { return pulled }
        // Who had the model and has it no more stands in the way of those that have it.
        guard tree.leave(where: { !serves($0) }) else { return nil }
        return pull(tree, rooms, serves)
    }

    /// Whether more places are free than so many calls need.
    private func isRoom(for count: Int, _ rooms: [ServerRoom], _ serves: (ServerID) -> Bool) -> Bool {
        guard rooms.reduce(0, { $0 + $1.free }) > count else { return false }
        var free = 0
        for room in rooms where room.free > 0 && serves(room.server) {
            free += room.free
            if free > count { return true }
        }
        return false
    }

    /// A server pulls what suits it: first the one that has least to do.
    private func pull(
        _ tree: PrefixTree, _ rooms: [ServerRoom], _ serves: (ServerID) -> Bool
    ) -> (WaitingCall, Int)? {
        var order = Heap(
            rooms.indices.lazy.filter { rooms[$0].free > 0 }
                .map { Candidate(cost: servers.pending(at: $0), tie: UInt64(rooms[$0].server.number), index: $0) })
        while let next = order.popMin() {
            let room = rooms[next.index]
            guard serves(room.server) else { continue }
            let load = servers[next.index]
            let call = tree.next(
                for: room.server, cached: load.cached, opensGroups: room.opensGroups || load.inFlight == 0,
                isIdle: load.inFlight == 0)
            if let call { return (call, next.index) }
        }
        return nil
    }

    /// The server for a call that need not wait for one.
    private mutating func place(
        _ call: WaitingCall, _ rooms: [ServerRoom], _ serves: (ServerID) -> Bool
    ) -> Int? {
        var best: Candidate?
        for index in rooms.indices where rooms[index].free > 0 {
            let candidate: Candidate
            switch policy {
            case .roundRobin:
                let number = rooms[index].server.number
                candidate = Candidate(cost: number > lastServer.number ? 0 : 1, tie: UInt64(number), index: index)
            case .leastWork:
                candidate = Candidate(
                    cost: servers.pending(at: index), tie: servers.dispatched(at: index), index: index)
            case .prefix:
                // Even if all of the prompt was cached there.
                let least = servers.pending(at: index) + call.tokens - call.chain.count * PrefixChain.chunkTokens
                if let best, least > best.cost { continue }
                // What is to be done there until the call is through; of equals the server that was given less.
                candidate = Candidate(
                    cost: servers.pending(at: index) + servers.uncached(call, at: index),
                    tie: servers.dispatched(at: index),
                    index: index)
            }
            if best.map({ candidate < $0 }) ?? true, serves(rooms[index].server) { best = candidate }
        }
        if let best { lastServer = rooms[best.index].server }
        return best?.index
    }

    private mutating func assign(_ call: WaitingCall, to server: ServerID, at now: Instant) -> Assignment {
        homes[call.number] = nil
        count -= 1
        tokens -= call.tokens
        flows[call.flow]?.took()
        reached = max(reached, flows[call.flow]?.served ?? 0)
        return charge(call, to: server, at: now)
    }

    private mutating func charge(_ call: WaitingCall, to server: ServerID, at now: Instant) -> Assignment {
        let load = servers.charge(call, to: server, cacheTokens: limits.cacheTokens)
        flows[call.flow]?.charge(call, least: reached - limits.credit)
        rate.dispatched(call.tokens, at: now)
        return Assignment(call: call.number, flow: call.flow, server: server, load: load)
    }

    private mutating func forgetIfIdle(_ name: String) {
        guard let flow = flows[name], flow.waiting == 0, flow.inFlight == 0 else { return }
        flows[name] = nil
        names.removeAll { $0 == name }
    }
}
