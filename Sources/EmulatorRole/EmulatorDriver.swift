import Glibc

/// What the connections of one server share, on its one event loop: the core, and who waits for a slot.
final class EmulatorDriver {
    let core: EmulatorCore
    /// Where requests that were served are written down, if anywhere.
    let served: ServedLog?
    var waiters: [SlotQueue.Ticket: EmulatorHTTPHandler] = [:]
    /// Chat requests that were answered.
    var answered = 0

    init(_ core: EmulatorCore, served: ServedLog?) {
        self.core = core
        self.served = served
    }

    /// Whether requests are to wait where they are.
    var isHeld: Bool {
        guard let hold = core.options.hold, answered >= hold.after else { return false }
        return access(hold.file, F_OK) == 0
    }

    /// A request is finished or given up; the next in line is served.
    func leave(_ ticket: SlotQueue.Ticket) {
        waiters[ticket] = nil
        guard let next = core.queue.leave(ticket) else { return }
        waiters.removeValue(forKey: next)?.serve()
    }
}
