import GatewayLogic
import PlacementModel
import Support

/// What the queue costs in processor time and memory, with so many calls waiting throughout.
struct QueueTiming {
    var waiting: Int
    var servers: Int
    var microseconds: Double
    var bytesPerCall: Double

    /// Fills the queue, then takes a call, ends one and adds one, 100,000 times, so that the depth stays the same.
    static func measure(waiting: Int, servers: Int = 4, seed: UInt64) -> QueueTiming {
        let steps = 100_000
        let workload = PlacementWorkload(requests: waiting + steps, groups: 4000, zipf: true, seed: seed)
        let later = (waiting..<waiting + steps).map { workload.call($0) }
        var dispatcher = Dispatcher(policy: .prefix, limits: DispatcherLimits(bytes: .max))
        let start = Instant(nanoseconds: 0)
        let empty = ResourceUsage.current().residentBytes
        for request in 0..<waiting { dispatcher.enqueue(workload.call(request), at: start) }
        let full = ResourceUsage.current().residentBytes
        var flying = [[Assignment]](repeating: [], count: servers)
        var rooms = flying.indices.map {
            ServerRoom(server: ServerID(UInt32($0)), free: 32, window: 32, kvTokens: 200_000, opensGroups: true)
        }
        let before = cpu()
        for call in later {
            dispatcher.enqueue(call, at: start)
            while let next = dispatcher.next(rooms: &rooms, at: start) { flying[Int(next.server.number)].append(next) }
            let server = Int(call.number % UInt64(servers))
            if !flying[server].isEmpty {
                dispatcher.ended(flying[server].removeFirst())
                rooms[server].free += 1
            }
        }
        let used = cpu() - before
        return QueueTiming(
            waiting: waiting, servers: servers, microseconds: used * 1e6 / Double(steps),
            bytesPerCall: (Double(full) - Double(empty)) / Double(max(1, waiting)))
    }

    func print() {
        Swift.print(
            "  \(padded(String(waiting), 8)) waiting, \(padded(String(servers), 4)) servers: "
                + "\(fixed(microseconds, 2)) us CPU per call, "
                + "\(fixed(bytesPerCall, 0)) bytes resident per waiting call")
    }

    private static func cpu() -> Double {
        let usage = ResourceUsage.current()
        return usage.userSeconds + usage.systemSeconds
    }
}
