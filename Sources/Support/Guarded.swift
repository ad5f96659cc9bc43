import Glibc

/// A value behind a lock: the one lock type of the project.
///
/// Built on `pthread_mutex_t`, because the thread sanitizer on Linux does not see `Synchronization.Mutex` and
/// reports races that are none. Keep what runs under the lock short: no waiting, no callbacks.
public final class Guarded<Value>: @unchecked Sendable {
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    /// Puts `value` behind a new, unlocked lock.
    public init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed with \(status)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deinitialize(count: 1)
        mutex.deallocate()
    }

    /// Runs `body` with exclusive access to the value. Inlinable, because calls through an unspecialized generic cost
    /// more than the lock itself.
    @inlinable public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock failed with \(status)")
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
