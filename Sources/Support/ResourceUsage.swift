import CLinux
import Glibc

/// What a process has used so far.
public struct ResourceUsage: Sendable, Equatable {
    /// Processor time in user mode, in seconds.
    public var userSeconds: Double
    /// Processor time in the kernel, in seconds.
    public var systemSeconds: Double
    /// Processor time of children that ended and were awaited, user and kernel, in seconds.
    public var childrenSeconds: Double
    /// Largest resident memory so far, in bytes.
    public var peakResidentBytes: UInt64
    /// Resident memory now, in bytes; 0 where `/proc` cannot be read.
    public var residentBytes: UInt64

    /// The calling process's usage now.
    public static func current() -> ResourceUsage {
        let usage = clinux_current_usage()
        return ResourceUsage(
            userSeconds: usage.user, systemSeconds: usage.system,
            childrenSeconds: usage.children_user + usage.children_system, peakResidentBytes: usage.peak_resident,
            residentBytes: residentPages() * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))))
    }

    /// The second number in `/proc/self/statm`.
    private static func residentPages() -> UInt64 {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        let text = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        let numbers = text.split(separator: " ")
        return numbers.count > 1 ? UInt64(numbers[1]) ?? 0 : 0
    }
}
