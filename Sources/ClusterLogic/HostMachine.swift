import Model

/// A host's course through a run: which partitions it holds, how far each is, and which root turn starts next.
///
/// A pure state machine. It knows no socket, clock or task, and nothing of agents: `Root` is whatever stands for a root
/// turn. Commands of the coordinator may come twice; then the reports that answer them come again, too.
public struct HostMachine<Root: Sendable>: Sendable {
    struct Held: Sendable {
        var lease: Lease
        var stage: Stage
    }

    struct Waiting: Sendable {
        var root: Root
        var lease: Lease
    }

    /// Most root turns in flight at a time.
    public let window: Int
    /// Number of the environment's partition.
    let environmentPartition: UInt32
    /// Number of the newest map.
    public internal(set) var grant: UInt64 = 0
    /// Last closed round as of the newest map.
    public internal(set) var closedRound: UInt32 = 0
    /// What the coordinator wants.
    public internal(set) var activity = Activity.idle
    /// Root turns in flight, those of partitions that were lost included until they have ended.
    public internal(set) var inFlight = 0
    var held: [UInt32: Held] = [:]
    /// Root turns that other turns may wait for, and the others; started in this order.
    var first = RootQueue<Waiting>()
    var then = RootQueue<Waiting>()
    var draining: UInt32?
    /// Something has to be mended before root turns can start again.
    var isHalted = false
    var isCoordinatorHeard = true
    var isEnvironmentRunning = false
    /// Last round whose environment turn is durable.
    var environmentRound: UInt32 = 0
    var begunRound: UInt32 = 0

    /// A host that holds nothing. `partitions` is the number of partitions without the environment's.
    public init(partitions: UInt32, window: Int) {
        precondition(window > 0, "a host runs a turn at a time, at least")
        self.window = window
        environmentPartition = partitions
    }

    /// Stage of a held partition, nil for others.
    public func stage(of partition: UInt32) -> Stage? { held[partition]?.stage }

    /// Takes an event and returns what is to be done.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .map(let grant, let closedRound, let leases): take(grant, closedRound, leases)
        case .start(let round, let time): begin(.run(round: round, time: time))
        case .environment(let round, let time): begin(.environment(round: round, time: time))
        case .drain(let round, let time): drain(round, time)
        case .loaded(let lease, let round): loaded(lease, round)
        case .stepFailed(let lease): failed(lease)
        case .prepared(let lease, let round, let first, let then): prepared(lease, round, first, then)
        case .rootDurable(let lease): rootEnded(lease)
        case .rootInterrupted(let root, let lease): interrupted(root, lease)
        case .environmentDurable(let round): environmentDurable(round)
        case .environmentInterrupted(let lease): environmentInterrupted(lease)
        case .coordinatorHeard(let isHeard): heard(isHeard)
        }
    }

    /// Leases in ascending order of partitions.
    var ordered: [Held] { held.values.sorted { $0.lease.partition < $1.lease.partition } }

    /// Starts root turns while there is room.
    mutating func fill() -> [Action] {
        var actions: [Action] = []
        guard draining == nil, !isHalted, isCoordinatorHeard else { return [] }
        while inFlight < window, let next = next() {
            // What was lost in the meantime is somebody else's now.
            guard isCurrent(next.lease) else { continue }
            inFlight += 1
            actions.append(.run(next.root, next.lease))
        }
        return actions
    }

    private mutating func next() -> Waiting? { first.popFirst() ?? then.popFirst() }

    /// Tells that nothing is in flight, where that is waited for.
    func drainedReport() -> [Action] {
        guard let draining, inFlight == 0, !isEnvironmentRunning else { return [] }
        return [.report(.drained(round: draining))]
    }

    func isCurrent(_ lease: Lease) -> Bool { held[lease.partition]?.lease == lease }
}
