import Support

/// Where questions about the run find it, from its opening to its end.
final class RunDesk: Sendable {
    private let driver = Guarded<RunDriver?>(nil)

    /// The run is open.
    func open(_ driver: RunDriver) { self.driver.withLock { $0 = driver } }

    /// The run is over.
    func close() { driver.withLock { $0 = nil } }

    /// Has the driver say how the run is, in its turn; nil where none is open.
    func look(_ reply: @escaping @Sendable (RunReading?) -> Void) {
        if let driver = driver.withLock({ $0 }) { driver.look(reply) } else { reply(nil) }
    }
}
