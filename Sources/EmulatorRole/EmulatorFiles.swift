import Glibc
import Support

/// Files that the emulator writes.
enum EmulatorFiles {
    /// Writes a line so that a reader sees the whole file or none: under another name first, then renamed.
    static func write(_ line: String, to path: String) throws(UserError) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw refused(path) }
        let bytes = Array("\(line)\n".utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        guard close(descriptor) == 0, written == bytes.count, rename(temporary, path) == 0 else {
            let error = refused(path)
            unlink(temporary)
            throw error
        }
    }

    private static func refused(_ path: String) -> UserError {
        UserError(
            "the port file cannot be written: \(String(cString: strerror(errno)))", at: path,
            advice: "check --port-file",
            exitCode: .cannotCreate)
    }
}
