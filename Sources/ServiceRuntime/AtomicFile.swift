import Glibc
import Support

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Writes `bytes` under a temporary name beside `path`, makes them durable, and renames the file.
    /// - Parameter mode: Permissions of the file.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(UserError) {
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw .system("the file cannot be written", at: path, errno: errno)
        }
        var offset = 0
        var failure: Int32 = 0
        while offset < bytes.count && failure == 0 {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { offset += count } else if errno != EINTR { failure = errno }
        }
        if failure == 0 && fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0 && rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw .system("the file cannot be written", at: path, errno: failure)
        }
    }
}
