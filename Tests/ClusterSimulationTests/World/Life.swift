import Support

/// One life of a simulated process, from its start to its crash or its end.
final class Life: @unchecked Sendable {
    let name: String
    /// Counts the lives of a world; also the process's incarnation.
    let number: UInt64
    /// Runs the process's tasks.
    private(set) lazy var executor = LifeExecutor(world: world, life: self)
    private unowned let world: World
    private(set) var isAlive = true
    /// It is not scheduled before this time.
    private(set) var stalledUntil = Instant(nanoseconds: 0)
    private var endings: [() -> Void] = []
    private var pauses: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    private var cancelledPauses: Set<UInt64> = []
    private var lastPause: UInt64 = 0

    init(name: String, number: UInt64, world: World) {
        self.name = name
        self.number = number
        self.world = world
    }

    /// Starts tasks on this life's executor.
    var launcher: TaskLauncher { TaskLauncher(on: executor) }

    /// Lets something happen after a while, if the process lives then.
    func after(_ span: Span, _ body: @escaping () -> Void) { world.after(span, of: self, body) }

    /// Registers what is to be undone when the life ends, in whatever way.
    func atEnd(_ body: @escaping () -> Void) { endings.append(body) }

    /// Does not schedule the process for a while; then it goes on as if nothing had been.
    func stall(for span: Span) { stalledUntil = max(stalledUntil, world.now + span) }

    /// Ends the life on the spot. What its tasks still do is heard of by nobody.
    func end() {
        guard isAlive else { return }
        isAlive = false
        let endings = endings
        self.endings = []
        for ending in endings { ending() }
        for number in pauses.keys.sorted() { pauses.removeValue(forKey: number)?.resume(throwing: CancellationError()) }
        world.bury(self)
    }

    /// Waits in virtual time. Throws `CancellationError` when the task is cancelled or the process dies.
    func pause(_ span: Span) async throws {
        let number = takePauseNumber()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard isAlive, cancelledPauses.remove(number) == nil, !Task.isCancelled else {
                    return continuation.resume(throwing: CancellationError())
                }
                pauses[number] = continuation
                after(span) { self.pauses.removeValue(forKey: number)?.resume() }
            }
        } onCancel: {
            if let waiting = pauses.removeValue(forKey: number) {
                waiting.resume(throwing: CancellationError())
            } else {
                cancelledPauses.insert(number)
            }
        }
    }

    private func takePauseNumber() -> UInt64 {
        lastPause += 1
        return lastPause
    }
}

/// Hands the pieces of a life's tasks to the world, which runs them in an order of its own.
final class LifeExecutor: TaskExecutor, @unchecked Sendable {
    private unowned let world: World
    private unowned let life: Life

    init(world: World, life: Life) {
        self.world = world
        self.life = life
    }

    func enqueue(_ job: consuming ExecutorJob) { world.enqueue(UnownedJob(job), of: life) }
}
