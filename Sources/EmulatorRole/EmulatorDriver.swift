import Foundation

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
        guard let hold = core.options.hold, let text = try? String(contentsOfFile: hold, encoding: .utf8),
            let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return false }
        return answered >= limit
    }

    /// A request is finished or given up; the next in line is served.
    func leave(_ ticket: SlotQueue.Ticket) {
        waiters[ticket] = nil
        guard let next = core.queue.leave(ticket) else { return }
        waiters.removeValue(forKey: next)?.serve()
    }
}
