import Glibc
import Hashing
import Support

/// Everything that happens in a simulated cluster, one thing after another, on one thread: pieces of tasks, packets,
/// timers, faults. What comes next is drawn from a seed, and time passes only from one thing to the next.
///
/// Unchecked, because it is confined to its thread: whatever tries to add work from another one traps.
final class World: @unchecked Sendable {
    /// A thing that happens at a time.
    private struct Event {
        var due: Instant
        var number: UInt64
        /// The life that it happens to; nil for the world itself.
        var owner: Life?
        var body: () -> Void
    }

    /// A piece of a task that could run now.
    private struct Ready {
        var job: UnownedJob
        var life: Life
    }

    /// Time that one step takes, so that no two are at the same instant.
    private static let stepTime = Span(nanoseconds: 1_000)

    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// Steps taken so far.
    private(set) var steps = 0
    /// A number that two runs share only if they took the same steps at the same times.
    private(set) var trace: UInt64 = 0
    /// Called before each step.
    var beforeStep: () -> Void = {}

    private var order: SeededGenerator
    private var events: [Event] = []
    private var ready: [Ready] = []
    private var lastNumber: UInt64 = 0
    private var lastLife: UInt64 = 0
    private let thread = pthread_self()

    /// A world in which the order of what happens at the same time follows from `seed`.
    init(seed: UInt64) { order = SeededGenerator(seed: seed) }

    /// A process begins to live.
    func begin(_ name: String) -> Life {
        lastLife += 1
        return Life(name: name, number: lastLife, world: self)
    }

    /// Lets `body` happen after a while, unless its owner has died by then.
    func after(_ span: Span, of owner: Life? = nil, _ body: @escaping () -> Void) {
        precondition(pthread_equal(thread, pthread_self()) != 0, "a timer of the simulation came from another thread")
        lastNumber += 1
        insert(Event(due: now + span, number: lastNumber, owner: owner, body: body))
    }

    /// A piece of a task can run.
    func enqueue(_ job: UnownedJob, of life: Life) {
        precondition(
            pthread_equal(thread, pthread_self()) != 0,
            "a task of \(life.name) was resumed from another thread: something escaped from the simulation")
        ready.append(Ready(job: job, life: life))
    }

    /// Mixes something that happened into the trace.
    func note(_ value: UInt64) {
        trace = (trace ^ value) &* 0x9E37_79B9_7F4A_7C15
        trace ^= trace >> 29
    }

    /// Takes the next step; false when nothing is left to happen.
    func step() -> Bool {
        beforeStep()
        steps += 1
        now = now + Self.stepTime
        let runnable = ready.indices.filter { ready[$0].life.stalledUntil <= now }
        let isEventDue = events.last.map { $0.due <= now } ?? false
        // A packet that has arrived waits for no task, and no task for it.
        if !runnable.isEmpty, !isEventDue || order.below(4) != 0 {
            let index = runnable[order.below(runnable.count)]
            let next = ready[index]
            ready[index] = ready[ready.count - 1]
            ready.removeLast()
            note(next.life.number)
            note(now.nanoseconds)
            next.job.runSynchronously(on: next.life.executor.asUnownedTaskExecutor())
            return true
        }
        guard let event = events.popLast() else { return false }
        now = max(now, event.due)
        guard let owner = event.owner else {
            note(event.number)
            event.body()
            return true
        }
        guard owner.isAlive else { return true }
        if owner.stalledUntil > now {
            insert(Event(due: owner.stalledUntil, number: event.number, owner: owner, body: event.body))
            return true
        }
        note(event.number << 8 | 1)
        note(now.nanoseconds)
        event.body()
        return true
    }

    /// Runs what is left of a dead process to its end: its links are cut, so that nothing of it is heard of.
    func bury(_ life: Life) {
        while let index = ready.firstIndex(where: { $0.life === life }) {
            let next = ready.remove(at: index)
            next.job.runSynchronously(on: life.executor.asUnownedTaskExecutor())
        }
        events.removeAll { $0.owner === life }
    }

    /// Drops all that is still to happen.
    func end() {
        events = []
        beforeStep = {}
    }

    /// Keeps the events in order, the next one last; of two at one instant the older one first.
    private func insert(_ event: Event) {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            let other = events[middle]
            if (other.due, other.number) > (event.due, event.number) { low = middle + 1 } else { high = middle }
        }
        events.insert(event, at: low)
    }
}
