import Glibc
import Support

/// A file that is written beside its place, in large pieces, and moved there when it is complete.
struct ExportFile: ~Copyable {
    private static let pieceBytes = 1 << 20

    private let path: String
    private let partPath: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isFinished = false

    init(path: String) throws {
        self.path = path
        partPath = path + ".part"
        descriptor = open(partPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Exporter.failure("the file cannot be made", partPath) }
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(partPath) }
    }

    mutating func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.pieceBytes { try flush() }
    }

    /// Puts the complete file in its place.
    mutating func finish() throws {
        try flush()
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else {
            throw Exporter.failure("the file cannot be completed", path)
        }
        isFinished = true
    }

    private mutating func flush() throws {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Exporter.failure("the file cannot be written", partPath) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
