import Foundation
import GPUEmulation
import NIOCore
import Support

/// What the connections of one server share, on its one event loop: the core, and who waits for a slot or the GPU.
final class EmulatorDriver {
    let core: EmulatorCore
    /// Where requests that were served are written down, if anywhere.
    let served: ServedLog?
    /// Chat requests that were answered.
    var answered = 0
    private var waiters: [UInt64: EmulatorHTTPHandler] = [:]
    private let loop: any EventLoop
    private let clock: any MonotonicClock
    private var timer: Scheduled<Void>?

    /// Steps of the GPU that are made before connections get their turn again.
    private static let steps = 256

    init(_ core: EmulatorCore, served: ServedLog?, loop: any EventLoop, clock: any MonotonicClock) {
        self.core = core
        self.served = served
        self.loop = loop
        self.clock = clock
    }

    /// Whether requests are to wait where they are.
    var isHeld: Bool {
        guard let hold = core.options.hold, let text = try? String(contentsOfFile: hold, encoding: .utf8),
            let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return false }
        return answered >= limit
    }

    /// A request takes its place: it is served when it has a slot, or the GPU is done with it. Returns what it is
    /// known by, and whether it has a slot already.
    func enter(_ handler: EmulatorHTTPHandler, work: GPUWork?) -> (ticket: UInt64, served: Bool) {
        if core.gpu != nil, let work {
            let now = clock.now()
            // Steps that are over by now are over before this request comes.
            advance(to: now)
            guard let ticket = core.gpu?.arrive(work, at: now) else { preconditionFailure("a GPU went away") }
            waiters[ticket] = handler
            advance(to: now)
            schedule(from: now)
            return (ticket, false)
        }
        let (ticket, served) = core.queue.enter()
        if !served { waiters[ticket] = handler }
        return (ticket, served)
    }

    /// Whether a model has begun to work for a request that is not finished.
    func hasBegun(_ ticket: UInt64) -> Bool { core.gpu?.model.isRunning(ticket) ?? (waiters[ticket] == nil) }

    /// A request is finished or given up; the next in line is served.
    func leave(_ ticket: UInt64) {
        waiters[ticket] = nil
        if core.gpu != nil {
            // One that is finished is not known there any more.
            _ = core.gpu?.model.abort(ticket)
            return
        }
        guard let next = core.queue.leave(ticket) else { return }
        waiters.removeValue(forKey: next)?.serve()
    }

    private func advance(to now: Instant) {
        guard let done = core.gpu?.advance(to: now, limit: Self.steps) else { return }
        for completion in done { waiters.removeValue(forKey: completion.id)?.complete(completion) }
    }

    /// Sees to it that the step that is being made is ended in time.
    private func schedule(from now: Instant) {
        guard timer == nil, let wait = core.gpu?.wait(from: now) else { return }
        let delay = TimeAmount.nanoseconds(Int64(clamping: wait.nanoseconds))
        timer = loop.assumeIsolated().scheduleTask(in: delay) {
            self.timer = nil
            let now = self.clock.now()
            self.advance(to: now)
            self.schedule(from: now)
        }
    }
}
