import Foundation
import Support

/// What came of a load.
struct LoadRecord: Codable {
    var requests = 0
    /// Different prompts among them.
    var distinct = 0
    var answered = 0
    /// Answers that are none of the request's options.
    var outside = 0
    /// Calls that ended in a rejection.
    var rejected = 0
    /// Calls that brought an error.
    var errors = 0
    var seconds = 0.0
    /// Milliseconds from the first request to the first answer.
    var firstAnswer = 0.0
    /// Milliseconds of a request.
    var median = 0.0
    var p95 = 0.0
    var p99 = 0.0
    var slowest = 0.0
    /// Answers in each second.
    var perSecond: [Int] = []

    /// Fills in what follows from when each request went and came back.
    mutating func measure(_ spans: [(sent: Instant, back: Instant)]) {
        guard let start = spans.map(\.sent).min(), let end = spans.map(\.back).max() else { return }
        let times = spans.map { Double($0.back.since($0.sent).nanoseconds) / 1e6 }.sorted()
        func quantile(_ share: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * share))] }
        seconds = end.since(start).seconds
        firstAnswer = (spans.map { $0.back.since(start).seconds }.min() ?? 0) * 1e3
        (median, p95, p99, slowest) = (quantile(0.5), quantile(0.95), quantile(0.99), quantile(1))
        perSecond = [Int](repeating: 0, count: Int(seconds) + 1)
        for span in spans { perSecond[Int(span.back.since(start).seconds)] += 1 }
    }
}
