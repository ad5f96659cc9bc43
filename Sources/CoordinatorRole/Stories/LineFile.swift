import Glibc
import Support

/// A file that grows line by line.
final class LineFile: Sendable {
    private static let chunk = 1 << 20
    private let descriptor: Int32
    private let path: String

    /// Opens the file, which is made where there is none. With `isOwned`, nobody else may hold it.
    init(_ path: String, isOwned: Bool = false) throws(UserError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .system("the file cannot be written", at: path, advice: "check --out", errno: errno)
        }
        guard !isOwned || flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw UserError(
                "another command writes this file", at: path, advice: "wait until it has left",
                exitCode: .temporaryFailure)
        }
    }

    deinit { close(descriptor) }

    /// Gives each whole line to `body`, without its end. Returns what stands behind the last one.
    func readLines(limit: Int, _ body: (ArraySlice<UInt8>) throws -> Void) throws -> [UInt8] {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failed("read") }
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failed("read") }
            if count == 0 { return rest }
            var start = 0
            while let end = buffer[start..<count].firstIndex(of: UInt8(ascii: "\n")) {
                try body(rest.isEmpty ? buffer[start..<end] : ArraySlice(rest + buffer[start..<end]))
                rest.removeAll(keepingCapacity: true)
                start = end + 1
            }
            rest += buffer[start..<count]
            guard rest.count <= limit else {
                throw UserError(
                    "a line has more than \(limit >> 20) MiB", at: path, advice: "is this the right file?",
                    exitCode: .dataError)
            }
        }
    }

    /// Cuts the file off behind so many bytes; lines are appended there.
    func cut(to bytes: Int) throws(UserError) {
        guard ftruncate(descriptor, off_t(bytes)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
            throw failed("cut off")
        }
    }

    /// Appends what stands in `bytes`.
    func append(_ bytes: [UInt8]) throws(UserError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failed("written") }
            offset += count
        }
    }

    /// Makes what was written last beyond a loss of power.
    func sync() throws(UserError) {
        guard fdatasync(descriptor) == 0 else { throw failed("written") }
    }

    private func failed(_ what: String) -> UserError {
        let (number, isFull) = (errno, errno == ENOSPC || errno == EDQUOT)
        var error = UserError.system(
            "the file cannot be \(what)", at: path,
            advice: isFull ? "make space and call again: what is written stays" : "", errno: number)
        error.exitCode = .ioError
        return error
    }
}
