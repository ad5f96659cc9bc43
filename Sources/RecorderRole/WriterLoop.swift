import Glibc
import Model
import Recording
import Support

/// The writer's thread: takes what waits, makes it durable in one transaction with one sync, then answers.
///
/// While the disk syncs, the next batch gathers; that alone groups well under load.
struct WriterLoop {
    private let store: any RecordStore
    private let queue: WorkQueue
    private let clock: any MonotonicClock
    private let settings: RecorderSettings
    private var parked = ParkedCommits()
    private let onFailure: @Sendable (StorageFailure) -> Void
    private var failure: StorageFailure?

    init(
        store: any RecordStore, queue: WorkQueue, clock: any MonotonicClock, settings: RecorderSettings,
        onFailure: @escaping @Sendable (StorageFailure) -> Void = { _ in }
    ) {
        self.onFailure = onFailure
        self.store = store
        self.queue = queue
        self.clock = clock
        self.settings = settings
    }

    /// Works until the queue is closed and empty.
    mutating func run() {
        while true {
            wait(for: queue.wake.descriptor, until: parked.firstDeadline)
            var (work, isClosed) = queue.takeAll()
            if !isClosed, !work.isEmpty, work.count < settings.batchItems, work.allSatisfy(\.isOneOfMany) {
                wait(for: nil, until: clock.now() + settings.linger)
                let more = queue.takeAll()
                work += more.work
                isClosed = more.isClosed
            }
            process(work)
            failOverdue()
            if isClosed, queue.count == 0 { break }
        }
        for entry in parked.takeAll() { entry.reply(.failure(missing(entry))) }
    }

    /// Makes a batch durable and answers it.
    mutating func process(_ work: [PendingWork]) {
        var requests: [RecordRequest] = []
        var replies: [@Sendable (Result<RecordReply, StoreProblem>) -> Void] = []
        func add(_ work: PendingWork) {
            guard case .write(let request, let reply) = work else { return }
            requests.append(request)
            replies.append(reply)
        }
        for item in work where item.isOutcomes { add(item) }
        for item in work where !item.isOutcomes { add(item) }
        for entry in parkedCommits(for: requests) {
            requests.append(.commit(entry.commit))
            replies.append(entry.reply)
        }
        if !requests.isEmpty { write(requests, replies) }
        for case .read(let question) in work { question(.success(store)) }
        reportFailure()
    }

    /// Tells once that the store has failed, also when a question was the first to notice. What is parked waits for
    /// outcomes that cannot come any more, and is answered too.
    private mutating func reportFailure() {
        guard failure == nil, let found = store.failure else { return }
        failure = found
        for entry in parked.takeAll() { entry.reply(.failure(.failed(found))) }
        onFailure(found)
    }

    private mutating func write(
        _ requests: [RecordRequest], _ replies: [@Sendable (Result<RecordReply, StoreProblem>) -> Void]
    ) {
        let results: [Result<RecordReply, RecordRefusal>]
        do {
            results = try store.append(requests)
        } catch {
            for reply in replies { reply(.failure(StoreProblem(error))) }
            return
        }
        for (index, result) in results.enumerated() {
            if case .success(.missing(let names)) = result, case .commit(let commit) = requests[index] {
                parked.park(
                    ParkedCommits.Entry(
                        commit: commit, missing: names, deadline: clock.now() + settings.patience,
                        reply: replies[index]))
            } else {
                replies[index](result.mapError { .refused($0) })
            }
        }
    }

    /// Parked commits of the roots that outcomes in this batch belong to.
    private mutating func parkedCommits(for requests: [RecordRequest]) -> [ParkedCommits.Entry] {
        guard !parked.isEmpty else { return [] }
        var entries: [ParkedCommits.Entry] = []
        for case .outcomes(let records) in requests {
            for record in records { entries += parked.take(record.root) }
        }
        return entries
    }

    /// Sends back commits that have waited too long. Whoever ran the passive turn whose outcomes they name died before
    /// these were on their way, and nobody else will bring them: the root runs again with what is recorded, and gets
    /// the missing answers from the gateway, which still has them.
    mutating func failOverdue() {
        for entry in parked.takeOverdue(at: clock.now()) { entry.reply(.success(.rerun)) }
    }

    private func missing(_ entry: ParkedCommits.Entry) -> StoreProblem {
        let names = entry.missing.prefix(3).map { "\($0.call)" }.joined(separator: ", ")
        let more = entry.missing.count > 3 ? " and \(entry.missing.count - 3) more" : ""
        return .refused(
            RecordRefusal(
                .unavailable,
                "the commit of root turn \(entry.commit.root) names outcomes that never came: \(names)\(more)",
                advice: "record the outcomes and commit again"))
    }

    /// Waits until the descriptor is readable or the instant has come; forever where neither is given.
    private func wait(for descriptor: Int32?, until deadline: Instant?) {
        var polled = pollfd(fd: descriptor ?? -1, events: Int16(POLLIN), revents: 0)
        var timeout: Int32 = -1
        if let deadline {
            // Rounded up, so that the deadline has passed when this returns.
            let left = (deadline.since(clock.now()).nanoseconds + 999_999) / 1_000_000
            timeout = Int32(clamping: left)
        }
        _ = poll(&polled, 1, timeout)
    }
}
