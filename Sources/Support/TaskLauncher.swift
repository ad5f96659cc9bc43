/// Starts tasks that outlive the function that starts them, on an executor of the owner's choice.
///
/// A process runs them wherever there is room; a simulation gives an executor of its own, which runs one piece after
/// another in an order that it draws from a seed.
public struct TaskLauncher: Sendable {
    private let executor: (any TaskExecutor)?

    /// A launcher; without an executor tasks run on the system's threads.
    public init(on executor: (any TaskExecutor)? = nil) { self.executor = executor }

    /// Starts a task. All tasks below it, other than through another launcher, run on the same executor. Without a
    /// priority it has that of the caller.
    @discardableResult public func launch<Success: Sendable>(
        priority: TaskPriority? = nil, _ body: @escaping @Sendable () async throws -> Success
    ) -> Task<Success, any Error> {
        Task(executorPreference: executor, priority: priority) { try await body() }
    }
}
