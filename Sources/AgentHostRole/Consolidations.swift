import ClusterLogic
import Model
import SimulationKit
import Support
import TurnEngine

/// The consolidations that a round still needs. Waiting for one starts it, so that nobody waits for a turn that waits
/// for room in the window.
final class Consolidations: Sendable {
    private struct Entry {
        var root: PlannedRoot
        var lease: Lease
        var task: Task<Void, any Error>?
    }

    private struct State {
        var entries: [AgentID: Entry] = [:]
        /// Leases that were lost while something may still run for them.
        var lost: Set<Lease> = []
        var isClosed = false
    }

    private let launcher: TaskLauncher
    private let state = Guarded(State())

    init(_ launcher: TaskLauncher) { self.launcher = launcher }

    /// Adds what a partition needs.
    /// - Throws: `CancellationError` where the lease is lost: nobody would interrupt what is added after that.
    func add(_ roots: [PlannedRoot], _ lease: Lease) throws {
        try state.withLock { state in
            guard !state.lost.contains(lease) else { throw CancellationError() }
            for root in roots { state.entries[root.agent] = Entry(root: root, lease: lease) }
        }
    }

    /// Waits until the agent needs none, running it by `run` if nobody does.
    func wait(
        for agent: AgentID, run: @escaping @Sendable (PlannedRoot, Lease) async throws -> Void
    ) async throws {
        let task = try state.withLock { state -> Task<Void, any Error>? in
            guard !state.isClosed else { throw CancellationError() }
            guard let entry = state.entries[agent] else { return nil }
            if let task = entry.task { return task }
            let task = launcher.launch { [self] in
                do {
                    try await run(entry.root, entry.lease)
                    ended(entry, isDone: true)
                } catch {
                    ended(entry, isDone: false)
                    throw error
                }
            }
            state.entries[agent]?.task = task
            return task
        }
        try await task?.value
    }

    /// One that was interrupted can be started again.
    private func ended(_ entry: Entry, isDone: Bool) {
        state.withLock { state in
            guard state.entries[entry.root.agent]?.lease == entry.lease else { return }
            if isDone {
                state.entries[entry.root.agent] = nil
            } else {
                state.entries[entry.root.agent]?.task = nil
            }
        }
    }

    /// Forgets those of a lost lease, interrupts them, and returns what still runs. None is added for it any more.
    func drop(_ lease: Lease) -> [Task<Void, any Error>] {
        let tasks = state.withLock { state in
            state.lost.insert(lease)
            let lost = state.entries.filter { $0.value.lease == lease }.sorted { $0.key.number < $1.key.number }
            for (agent, _) in lost { state.entries[agent] = nil }
            return lost.compactMap(\.value.task)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    /// Nothing runs for the lost lease any more: nobody can come with something for it.
    func forget(_ lease: Lease) { state.withLock { _ = $0.lost.remove(lease) } }

    /// Forgets all: a new round begins.
    func reset() { state.withLock { $0.entries = [:] } }

    /// Interrupts all and waits for their ends.
    func close() async {
        let tasks = state.withLock { state in
            state.isClosed = true
            return state.entries.sorted { $0.key.number < $1.key.number }.compactMap(\.value.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = try? await task.value }
    }
}
