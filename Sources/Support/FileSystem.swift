import CLinux

/// Free space on the disk behind a path.
public enum DiskSpace {
    /// Bytes that may still be written where the existing `path` lies.
    public static func available(_ path: String) throws(UserError) -> UInt64 { try facts(path).available }

    static func facts(_ path: String) throws(UserError) -> clinux_file_system {
        let facts = clinux_file_system_of(path)
        guard facts.status == 0 else {
            throw .system("the file system cannot be examined", at: path, errno: -facts.status)
        }
        return facts
    }
}

/// Kinds of file systems, as far as it matters whether a database may lie there.
public enum FileSystemKind: String, Sendable, Equatable {
    case nfs = "NFS"
    case lustre = "Lustre"
    case cifs = "CIFS"
    case fuse = "FUSE"
    /// Anything else, which locks and maps files as a local disk does.
    case local = "local"

    /// The kind of the file system where the existing `path` lies.
    public static func of(_ path: String) throws(UserError) -> FileSystemKind {
        kind(magic: try DiskSpace.facts(path).magic)
    }

    /// The kind behind a number of `statfs(2)` (`linux/magic.h`, Lustre's own headers).
    static func kind(magic: UInt64) -> FileSystemKind {
        switch magic {
        case 0x6969: .nfs
        case 0x0bd0_0bd0: .lustre
        case 0xff53_4d42, 0xfe53_4d42, 0x517b: .cifs
        case 0x6573_5546: .fuse
        default: .local
        }
    }
}
