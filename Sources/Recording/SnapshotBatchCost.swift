import Support

/// What a batch costs for the pieces of snapshots in it: its transaction, its sync and the writing of the pieces. What
/// its other requests take to be written is left out. So it is rather too much: a batch is synced for these, too.
final class SnapshotBatchCost {
    private let meter: WorkMeter
    private let start: Span
    private var other: UInt64 = 0
    private var begun: Span

    /// Nil where there is nothing to measure.
    init?(_ batch: [RecordRequest], _ meter: WorkMeter?) {
        guard let meter, batch.contains(where: \.isSnapshot) else { return nil }
        self.meter = meter
        start = meter.now()
        begun = start
    }

    /// A request of the batch is about to be written.
    func begin(_ request: RecordRequest) { begun = meter.now() }

    /// It is written.
    func end(_ request: RecordRequest) {
        if !request.isSnapshot { other += meter.since(begun).nanoseconds }
    }

    /// The batch is durable.
    func finish() {
        let all = meter.since(start).nanoseconds
        meter.add(Span(nanoseconds: all - min(other, all)))
    }
}

extension RecordRequest {
    /// Whether it is a piece of a snapshot.
    fileprivate var isSnapshot: Bool {
        if case .snapshot = self { true } else { false }
    }
}
