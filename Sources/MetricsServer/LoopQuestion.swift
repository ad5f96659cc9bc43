import Metrics
import NIOCore
import Support

/// Asks the main loop on behalf of all who want to know: one question at a time however many ask, and nobody waits for
/// longer than the limit. Lives on the server's event loop.
final class LoopQuestion {
    private let source: MetricsSource
    private let limit: Span
    private let loop: any EventLoop
    /// Where late answers go, which may come from any thread and after the server's end; nil from then on.
    private let way: Guarded<(any EventLoop)?>
    private var isUnderWay = false
    private var lastWaiter: UInt64 = 0
    private var waiters: [(number: UInt64, answer: (MetricsReport?) -> Void, timer: Scheduled<Void>)] = []

    init(_ source: MetricsSource, limit: Span, loop: any EventLoop, way: Guarded<(any EventLoop)?>) {
        self.source = source
        self.limit = limit
        self.loop = loop
        self.way = way
    }

    /// Answers with what the main loop says, or with nil when it has not said anything in time.
    func ask(_ answer: @escaping (MetricsReport?) -> Void) {
        lastWaiter += 1
        let number = lastWaiter
        let timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(limit.nanoseconds))) { self.end(number) }
        waiters.append((number, answer, timer))
        guard !isUnderWay else { return }
        isUnderWay = true
        let (question, way) = (NIOLoopBound(self, eventLoop: loop), way)
        // Under the lock: an event loop that has ended must not be given anything.
        source.ask { report in way.withLock { $0?.execute { question.value.take(report) } } }
    }

    private func take(_ report: MetricsReport?) {
        isUnderWay = false
        let answered = waiters
        waiters = []
        for waiter in answered {
            waiter.timer.cancel()
            waiter.answer(report)
        }
    }

    private func end(_ number: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: index).answer(nil)
    }
}
