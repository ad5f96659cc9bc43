import Support

/// How long answers take over the whole fleet, by class of their length, and what follows from it: how long a server
/// may bring nothing, and what is the tail.
struct AnswerTimes: Sendable {
    /// Sightings of a class below which nothing follows from them.
    private static let enough: UInt32 = 20

    /// What is known of one class.
    struct Known: Sendable, Equatable {
        /// Nearly the shortest time, as without any waiting inside the server.
        var short: Span
        /// The median.
        var median: Span
        /// Where the tail begins.
        var tail: Span
        /// What nearly nothing passes.
        var long: Span
    }

    private var histograms = [TimeHistogram](repeating: TimeHistogram(), count: AnswerClass.count)
    private var known = [Known?](repeating: nil, count: AnswerClass.count)
    private var changed = [Bool](repeating: false, count: AnswerClass.count)
    private let policy: FleetPolicy

    init(policy: FleetPolicy) { self.policy = policy }

    /// Notes the time that an answer took.
    mutating func record(_ span: Span, of answers: AnswerClass) {
        histograms[answers.index].record(span)
        changed[answers.index] = true
    }

    /// Brings what is known up to date. Call it now and then: the quantiles of each record would cost more than they
    /// are worth.
    mutating func refresh() {
        for index in changed.indices where changed[index] {
            changed[index] = false
            let histogram = histograms[index]
            guard histogram.total >= Self.enough, let short = histogram.quantile(10),
                let median = histogram.quantile(50), let tail = histogram.quantile(95),
                let long = histogram.quantile(99)
            else { continue }
            known[index] = Known(short: short, median: median, tail: tail, long: long)
        }
    }

    /// What is known of a class; nil while too few were seen.
    func known(_ answers: AnswerClass) -> Known? { known[answers.index] }

    /// How long a server that holds calls of this class may bring nothing.
    func quietLimit(_ answers: AnswerClass) -> Span {
        guard let known = known[answers.index] else { return policy.quietUnknown }
        // Never longer than a day, so that no factor that follows overflows.
        let long = min(known.long.nanoseconds, 86_400_000_000_000 / UInt64(policy.quietFactor))
        return max(policy.quietLeast, Span(nanoseconds: long * UInt64(policy.quietFactor)))
    }
}
