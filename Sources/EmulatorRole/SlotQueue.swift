import DequeModule

/// Who is served and who waits: a number of slots and a queue, first come first served. Pure.
struct SlotQueue {
    /// What a request holds while it is served or waits.
    typealias Ticket = UInt64

    private let slots: Int
    private var nextTicket: Ticket = 0
    private var running: Set<Ticket> = []
    private var waiting: Set<Ticket> = []
    /// Waiting tickets in order; those that left are skipped when they come up.
    private var order = Deque<Ticket>()

    /// Most requests that were served or waited at once.
    private(set) var peak = 0
    /// Most requests that were served at once.
    private(set) var peakRunning = 0

    /// A queue before `slots` slots; 0 for any number.
    init(slots: Int) { self.slots = slots }

    /// Requests that are being served.
    var runningCount: Int { running.count }

    /// Requests that wait.
    var waitingCount: Int { waiting.count }

    /// Enters a request; it is served at once where a slot is free.
    mutating func enter() -> (ticket: Ticket, served: Bool) {
        let ticket = nextTicket
        nextTicket += 1
        let served = slots == 0 || running.count < slots
        if served {
            running.insert(ticket)
        } else {
            waiting.insert(ticket)
            order.append(ticket)
        }
        peak = max(peak, running.count + waiting.count)
        peakRunning = max(peakRunning, running.count)
        return (ticket, served)
    }

    /// Takes a request out, finished or given up. Returns the one that is served in its place, if one waited.
    mutating func leave(_ ticket: Ticket) -> Ticket? {
        if waiting.remove(ticket) != nil {
            if waiting.isEmpty { order = [] }
            return nil
        }
        guard running.remove(ticket) != nil else { return nil }
        while let next = order.popFirst() {
            guard waiting.remove(next) != nil else { continue }
            running.insert(next)
            return next
        }
        return nil
    }
}
