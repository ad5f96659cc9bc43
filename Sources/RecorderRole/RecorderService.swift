import Model
import Recording
import Support

/// The recorder without its socket: takes requests from any thread, answers each exactly once, from the writer's
/// thread.
final class RecorderService: Sendable {
    private let queue: WorkQueue
    private let thread: OSThread?

    /// Starts the writer's thread over a store that belongs to it from now on. `onFailure` is told once, on that
    /// thread, that the store has failed for good, after those who waited have been answered; requests that come later
    /// are still answered, with the failure.
    init(
        store: any RecordStore, clock: any MonotonicClock, settings: RecorderSettings = RecorderSettings(),
        onFailure: @escaping @Sendable (StorageFailure) -> Void = { _ in }
    ) throws(UserError) {
        let queue = try WorkQueue(limit: settings.queueLimit)
        self.queue = queue
        thread = try OSThread(name: "recorder-writer") {
            var loop = WriterLoop(store: store, queue: queue, clock: clock, settings: settings, onFailure: onFailure)
            loop.run()
        }
    }

    /// A service whose queue the caller works off with a `WriterLoop` of its own: a simulation, which has no threads.
    init(queue: WorkQueue) {
        self.queue = queue
        thread = nil
    }

    /// Makes a request durable, then replies.
    func write(
        _ request: RecordRequest, reply: @escaping @Sendable (Result<RecordReply, StoreProblem>) -> Void
    ) {
        if !queue.push(.write(request, reply: reply)) { reply(.failure(.overloaded)) }
    }

    /// Asks the store something, after everything that was taken in before is durable.
    func read<Value: Sendable>(
        _ question: @escaping @Sendable (any RecordStore) throws -> Value,
        reply: @escaping @Sendable (Result<Value, StoreProblem>) -> Void
    ) {
        let work = PendingWork.read { store in
            reply(
                store.flatMap { store in
                    Result { try question(store) }.mapError { StoreProblem($0) }
                })
        }
        if !queue.push(work) { reply(.failure(.overloaded)) }
    }

    /// Requests and questions that wait for the writer's thread.
    var waiting: Int { queue.count }

    /// Finishes what waits and ends the thread. Call it once.
    func stop() {
        queue.close()
        thread?.join()
    }
}
