import Glibc

/// By what a change of a file is noticed.
struct FileStamp: Sendable, Equatable {
    /// Time of the last change, in nanoseconds.
    var changed: Int
    /// Bytes.
    var size: Int
    /// Which file it is: editors write another one and rename it.
    var node: UInt64

    /// The stamp of the file at `path`; nil when there is none.
    static func of(_ path: String) -> FileStamp? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return FileStamp(
            changed: facts.st_mtim.tv_sec * 1_000_000_000 + facts.st_mtim.tv_nsec, size: Int(facts.st_size),
            node: UInt64(facts.st_ino))
    }
}

/// Decides when a file is to be read again: when it has changed, and is the same at two looks in a row, so that half of
/// what somebody is writing is not taken for the whole.
struct FileWatch: Sendable {
    private var taken: FileStamp?
    private var seen: FileStamp?

    /// A watch over a file that was read when it had this stamp.
    init(taken: FileStamp?) {
        self.taken = taken
        seen = taken
    }

    /// Looks at the file's stamp; true when it is to be read now.
    mutating func look(_ stamp: FileStamp?) -> Bool {
        defer { seen = stamp }
        guard stamp == seen, stamp != taken else { return false }
        taken = stamp
        return true
    }
}
