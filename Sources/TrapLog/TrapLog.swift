import CTrapLog
import Glibc
import Hashing
import Model
import Support

/// Which root turns' code runs in this process, in a file that outlives it: should the process trap, the next one tells
/// whose code was running. A process that is killed leaves no trap.
///
/// Turns that wait for a call are not in it: what traps is code that runs.
public final class TrapLog: @unchecked Sendable {
    /// Root turns that may have code running at a time; further ones are not noted.
    static let seatCount = 1024
    static let magic = Array("GSTRAPLG".utf8)

    private struct Running {
        var seat: Int?
        var count = 0
    }

    private struct State {
        var running: [TurnID: Running] = [:]
        var free = Array((0..<TrapLog.seatCount).reversed())
    }

    private let path: String
    private let header: UnsafeMutablePointer<trap_log_header>
    private let seats: UnsafeMutablePointer<trap_log_seat>
    private let state = Guarded(State())
    /// What the process before left behind; nil where it did not trap, or that has been told.
    private let left: Guarded<Trap?>

    static var size: Int {
        MemoryLayout<trap_log_header>.stride + seatCount * MemoryLayout<trap_log_seat>.stride
    }

    /// Opens the log at a path; what a process that trapped left there is kept until `forgetTrap`. From now on a trap
    /// of this process is noted, which one log at a time can do. `life` tells this start from others.
    /// - Throws: A `UserError` where the file cannot be written, or another log is open.
    public init(path: String, life: UInt64) throws {
        self.path = path
        let kept = Self.keptPath(path)
        if TrapReader.trap(at: path) != nil, rename(path, kept) != 0 {
            throw UserError.system("the trap log cannot be kept", at: path, errno: errno)
        }
        left = Guarded(TrapReader.trap(at: kept))
        unlink(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw UserError.system("the trap log cannot be written", at: path, errno: errno)
        }
        defer { close(descriptor) }
        // Its blocks are taken now: a full disk must not trap a process that notes something.
        let status = posix_fallocate(descriptor, 0, off_t(Self.size))
        guard status == 0 else {
            throw UserError.system("the trap log cannot be written", at: path, errno: status)
        }
        guard let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw UserError.system("the trap log cannot be mapped", at: path, errno: errno) }
        let header = memory.assumingMemoryBound(to: trap_log_header.self)
        header.pointee.version = UInt32(TRAP_LOG_VERSION)
        header.pointee.seats = UInt32(Self.seatCount)
        header.pointee.life = life
        withUnsafeMutableBytes(of: &header.pointee.magic) { $0.copyBytes(from: Self.magic) }
        guard trap_log_arm(header) == 0 else {
            munmap(memory, Self.size)
            throw UserError("another trap log is open in this process", at: path, exitCode: .software)
        }
        self.header = header
        seats = (memory + MemoryLayout<trap_log_header>.stride).assumingMemoryBound(to: trap_log_seat.self)
    }

    deinit {
        trap_log_disarm()
        munmap(header, Self.size)
        // Nothing of a process that ends in order is of use to the next one.
        unlink(path)
    }

    /// Which start of a process, by its own number, trapped while code of turns was running, as the log that it left at
    /// a path says; nil where none did.
    public static func trappedLife(at path: String) -> UInt64? { TrapReader.trap(at: path)?.life }

    private static func keptPath(_ path: String) -> String { path + ".trap" }

    /// What the process before left behind in a run; nothing where that was another run, which has no use for it.
    public func trap(inRun run: [UInt8]) -> Trap? {
        left.withLock { $0 }.flatMap { $0.run == run ? $0 : nil }
    }

    /// What was left behind is told, or nobody's.
    public func forgetTrap() {
        left.withLock { $0 = nil }
        unlink(Self.keptPath(path))
    }

    /// The process takes part in a run, which 32 bytes tell from others.
    public func joins(run: [UInt8]) {
        precondition(run.count == 32, "a run is told from others by 32 bytes")
        withUnsafeMutableBytes(of: &header.pointee.run) { $0.copyBytes(from: run) }
    }

    /// Code of a root turn, or of a turn below it, begins to run on this thread.
    public func begins(_ root: TurnID, round: UInt32) {
        trap_log_thread()
        state.withLock { state in
            var running = state.running[root] ?? Running()
            running.count += 1
            if running.seat == nil, let seat = state.free.popLast() {
                running.seat = seat
                root.digest.bytes.withUnsafeBufferPointer { trap_log_sit(seats + seat, round, $0.baseAddress) }
            }
            state.running[root] = running
        }
    }

    /// It has come to an end, or waits.
    public func ends(_ root: TurnID) {
        state.withLock { state in
            guard var running = state.running[root] else { return }
            running.count -= 1
            guard running.count == 0 else { return state.running[root] = running }
            if let seat = running.seat {
                trap_log_rise(seats + seat)
                state.free.append(seat)
            }
            state.running[root] = nil
        }
    }
}
