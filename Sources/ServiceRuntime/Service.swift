import ArgumentParser
import Glibc
import Logging
import Support

/// The life of a process: signals, lifeline, logging, errors and exit codes.
///
/// A process's `main` stays synchronous (`Command.main()` of a `ParsableCommand`). An asynchronous one would give the
/// main thread to libdispatch, which unblocks all signals there, and the first SIGTERM would end the process at once.
public enum Service {
    /// Time that a process has to leave in good order once its parent is gone.
    static let orphanGrace = Span.seconds(5)

    /// Runs `body` as the process's work and returns when it has returned. Call it from a command's `run()`, on the
    /// main thread, before any other thread exists.
    ///
    /// The first SIGINT, SIGTERM or SIGHUP, or the end of the parent, sets the context's stop signal: `body` finishes
    /// what it must and returns. A second signal ends the process on the spot, after `immediate`. Where `body` takes
    /// the context's reload signal, SIGHUP does that instead.
    ///
    /// - Parameter defaultLevel: What is logged where `--log-level` is not given.
    /// - Throws: `ExitCode` for ArgumentParser; what went wrong has been written to standard error by then.
    public static func run(
        role: String, options: ServiceOptions, defaultLevel: Logger.Level = .info,
        immediate: @escaping @Sendable () -> Void = {},
        body: @escaping @Sendable (ServiceContext) async throws -> Void
    ) throws {
        Heap.limitArenas()
        let logger = Logger(label: role) { _ in LineLogHandler(role: role, level: options.logLevel ?? defaultLevel) }
        let stop = StopSignal()
        let reload = ReloadSignal()
        let context = ServiceContext(
            role: role, logger: logger, stop: stop, reload: reload, readyFile: options.readyFile)
        do {
            let signals = try SignalWatcher { signal in
                if signal == SIGHUP, reload.request() { return }
                if !stop.request(.signal(signal)) {
                    immediate()
                    _exit(ProcessExitCode.interrupted.rawValue)
                }
            }
            defer { signals.stop() }
            if let descriptor = options.lifelineFd {
                try Lifeline.onClose(fd: descriptor) {
                    stop.request(.lifelineClosed)
                    _ = poll(nil, 0, Int32(orphanGrace.nanoseconds / 1_000_000))
                    immediate()
                    _exit(ProcessExitCode.temporaryFailure.rawValue)
                }
            }
            try wait { try await body(context) }
        } catch let error as ExitCode {
            throw error
        } catch {
            throw ExitCode(report(error, role: role).rawValue)
        }
    }

    /// Writes `ROLE: message` to standard error; anything but a `UserError` is a bug and named as such.
    public static func report(
        _ error: any Error, role: String, write: (String) -> Void = { StandardError.write($0) }
    ) -> ProcessExitCode {
        guard let error = error as? UserError else {
            write(LineLogHandler.singleLine("\(role): internal error: \(error)") + "\n")
            return .software
        }
        write(LineLogHandler.singleLine("\(role): \(error)") + "\n")
        return error.exitCode
    }

    /// Runs a task to its end while the calling thread waits.
    private static func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
        let done = try EventFD()
        let failure = Guarded<(any Error)?>(nil)
        Task {
            do { try await body() } catch { failure.withLock { $0 = error } }
            done.signal()
        }
        var polled = pollfd(fd: done.descriptor, events: Int16(POLLIN), revents: 0)
        while polled.revents == 0 { _ = poll(&polled, 1, -1) }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
