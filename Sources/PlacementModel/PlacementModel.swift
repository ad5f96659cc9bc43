import GatewayLogic
import Support

/// Servers that only read prompts, one after another, and a gateway in front of them; time is virtual, a token a
/// microsecond.
public struct PlacementModel: Sendable {
    /// Servers.
    public var servers: Int
    /// Tokens that each server's prefix cache holds.
    public var cacheTokens: Int
    /// Requests that may be in flight at each.
    public var window: Int

    /// A model; the usual one has four servers with 200,000 tokens each.
    public init(servers: Int = 4, cacheTokens: Int = 200_000, window: Int = 32) {
        self.servers = servers
        self.cacheTokens = cacheTokens
        self.window = window
    }

    /// All requests wait from the beginning; the gateway's own queue orders and places them.
    public func play(_ workload: PlacementWorkload, policy: PlacementPolicy) -> PlacementOutcome {
        var dispatcher = Dispatcher(policy: policy, limits: DispatcherLimits(bytes: .max))
        for request in workload.groups.indices {
            dispatcher.enqueue(workload.call(request), at: Instant(nanoseconds: 0))
        }
        var machines = [ModelServer](repeating: ModelServer(capacity: cacheTokens), count: servers)
        var lines = [[Assignment]](repeating: [], count: servers)
        var readUntil = [Int?](repeating: nil, count: servers)
        var (now, served) = (0, 0)
        while true {
            var rooms = machines.indices.map { index in
                ServerRoom(
                    server: ServerID(UInt32(index)), free: window - lines[index].count, window: window,
                    kvTokens: cacheTokens, opensGroups: true)
            }
            let instant = Instant(nanoseconds: UInt64(now) * 1000)
            while let next = dispatcher.next(rooms: &rooms, at: instant) { lines[Int(next.server.number)].append(next) }
            for index in machines.indices where readUntil[index] == nil {
                guard let first = lines[index].first else { continue }
                let request = Int(first.call)
                readUntil[index] = now + machines[index].read(request: request, group: workload.groups[request])
            }
            let ending = machines.indices.compactMap { index in readUntil[index].map { ($0, index) } }.min { $0 < $1 }
            guard let (time, index) = ending else { break }
            now = time
            readUntil[index] = nil
            dispatcher.ended(lines[index].removeFirst())
            served += 1
        }
        return PlacementOutcome(machines, served: served)
    }

    /// All requests are placed the moment that they arrive, by SGLang's cache-aware rule.
    public func playCacheAware(_ workload: PlacementWorkload) -> PlacementOutcome {
        var rule = CacheAwareRule(servers: servers)
        var machines = [ModelServer](repeating: ModelServer(capacity: cacheTokens), count: servers)
        for request in workload.groups.indices {
            let group = workload.groups[request]
            _ = machines[rule.place(group: group)].read(request: request, group: group)
        }
        return PlacementOutcome(machines, served: workload.groups.count)
    }
}
