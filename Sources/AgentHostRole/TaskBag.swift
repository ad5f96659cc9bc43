import ClusterLogic
import Model
import Support

/// The tasks of a host: cancelled by lease or all together, and awaited at the end, so that nothing of a lost lease or
/// an earlier life goes on unnoticed.
final class TaskBag: Sendable {
    private struct Entry {
        var lease: Lease?
        var asking: Asking?
        var task: Task<Void, any Error>
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var last: UInt64 = 0
        var isClosed = false
    }

    /// What a root turn elsewhere asks under.
    struct Asking: Hashable {
        /// The root's partition.
        var partition: UInt32
        /// The epoch of its lease.
        var epoch: UInt64
    }

    private let launcher: TaskLauncher
    private let state = Guarded(State())

    /// An empty bag.
    init(_ launcher: TaskLauncher) { self.launcher = launcher }

    /// Starts a task for a lease, for a root turn elsewhere that asks, or for the host as a whole. After `close`
    /// nothing starts, and it returns false.
    @discardableResult
    func launch(
        for lease: Lease? = nil, asking: Asking? = nil, _ body: @escaping @Sendable () async -> Void
    ) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.last += 1
            let number = state.last
            // Under the lock, so that a task that ends at once finds its entry.
            let task = launcher.launch { [self] in
                await body()
                self.state.withLock { $0.entries[number] = nil }
            }
            state.entries[number] = Entry(lease: lease, asking: asking, task: task)
            return true
        }
    }

    /// Cancels the tasks of root turns elsewhere of which that is true.
    func cancel(where isOver: (Asking) -> Bool) {
        let tasks = state.withLock { state in
            state.entries.filter { $0.value.asking.map(isOver) ?? false }.sorted { $0.key < $1.key }.map(\.value.task)
        }
        for task in tasks { task.cancel() }
    }

    /// Cancels the tasks of a lease, and returns them.
    func cancel(_ lease: Lease) -> [Task<Void, any Error>] {
        let tasks = state.withLock { state in
            state.entries.filter { $0.value.lease == lease }.sorted { $0.key < $1.key }.map(\.value.task)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    /// Cancels all tasks and waits for their ends.
    func close() async {
        let tasks = state.withLock { state in
            state.isClosed = true
            return state.entries.sorted { $0.key < $1.key }.map(\.value.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = try? await task.value }
    }
}
