import Metrics
import NIOCore

/// Asks the main loop on behalf of all who want to know: one question at a time however many ask, and nobody waits for
/// longer than the limit. Lives on the server's event loop.
final class LoopQuestion {
    private let source: MetricsSource
    private let limit: TimeAmount
    private let loop: any EventLoop
    private var isUnderWay = false
    private var lastWaiter: UInt64 = 0
    private var waiters: [(number: UInt64, answer: (MetricsReport?) -> Void, timer: Scheduled<Void>)] = []

    init(_ source: MetricsSource, limit: TimeAmount, loop: any EventLoop) {
        self.source = source
        self.limit = limit
        self.loop = loop
    }

    /// Answers with what the main loop says, or with nil when it has not said anything in time.
    func ask(_ answer: @escaping (MetricsReport?) -> Void) {
        lastWaiter += 1
        let number = lastWaiter
        let timer = loop.assumeIsolated().scheduleTask(in: limit) { self.end(number) }
        waiters.append((number, answer, timer))
        guard !isUnderWay else { return }
        isUnderWay = true
        let (question, loop) = (NIOLoopBound(self, eventLoop: loop), loop)
        source.ask { report in loop.execute { question.value.take(report) } }
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
