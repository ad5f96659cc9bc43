import CLinux
import Glibc

/// Settings of the C library's allocator, which all of a process's memory comes from.
public enum Heap {
    /// Lets the allocator keep as many arenas as there are processors, and not eight times as many: threads beyond that
    /// do not run at a time, and each arena keeps the most that it ever held. An operator's `MALLOC_ARENA_MAX` stands.
    /// Call it before any other thread exists.
    public static func limitArenas() {
        guard getenv("MALLOC_ARENA_MAX") == nil else { return }
        let processors = Int32(clamping: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        _ = clinux_limit_arenas(max(2, processors))
    }

    /// Gives free pages back to the system. By itself the allocator gives back only what is free at the end of an
    /// arena: whatever passed through a process once would stay. Every thread that allocates meanwhile waits, for about
    /// a millisecond where some tens of megabytes are in use.
    public static func giveBack() { _ = clinux_trim_heap() }
}
