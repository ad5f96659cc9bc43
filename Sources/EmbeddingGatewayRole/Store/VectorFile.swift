import Glibc
import Hashing
import Support

/// An open file of the cache.
final class VectorFile {
    let path: String
    let identity: VectorIdentity
    /// Where the last whole record ends: behind it a torn one may lie.
    private(set) var end: Int
    private let descriptor: Int32

    private static let pieceBytes = 1 << 20
    private static let mostHeadBytes = 1 << 20

    private init(path: String, descriptor: Int32, identity: VectorIdentity, end: Int) {
        self.path = path
        self.descriptor = descriptor
        self.identity = identity
        self.end = end
    }

    deinit { close(descriptor) }

    /// Opens a file; nil where it cannot be read or has no whole head.
    static func open(_ path: String) -> VectorFile? {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        guard let head = VectorFileFormat.readHead(read(descriptor, at: 0, count: mostHeadBytes)) else {
            close(descriptor)
            return nil
        }
        return VectorFile(path: path, descriptor: descriptor, identity: head.identity, end: head.length)
    }

    /// Makes a file with nothing but its head; nil where that does not work.
    static func create(_ path: String, _ identity: VectorIdentity) -> VectorFile? {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        let file = VectorFile(path: path, descriptor: descriptor, identity: identity, end: 0)
        guard file.lock(), file.append(VectorFileFormat.head(identity)) != nil else {
            unlink(path)
            return nil
        }
        return file
    }

    /// Reads through the records that were not read before. What is damaged is passed over, up to where the next record
    /// begins.
    func scan(_ found: (Digest128, VectorFileFormat.Place) -> Void) {
        var (piece, start, offset) = ([UInt8](), end, end)
        let size = size
        while true {
            if let head = VectorFileFormat.readRecordHead(piece, at: offset - start) {
                let next = offset + VectorFileFormat.recordHead + head.length
                guard next <= size else { return }
                found(head.key, VectorFileFormat.Place(offset: offset, length: head.length))
                offset = next
                end = next
            } else if offset - start + VectorFileFormat.recordHead <= piece.count {
                offset += 1
            } else {
                piece = Self.read(descriptor, at: offset, count: Self.pieceBytes)
                start = offset
                if piece.count < VectorFileFormat.recordHead { return }
            }
        }
    }

    /// The vector of the record at a place; nil where it is not there as it was written.
    func vector(_ key: Digest128, at place: VectorFileFormat.Place) -> [UInt8]? {
        let bytes = Self.read(descriptor, at: place.offset, count: VectorFileFormat.recordHead + place.length)
        return VectorFileFormat.vector(bytes, of: key)
    }

    /// Becomes the only one who writes the file; false where another process does, or it has been removed.
    func lock() -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        var facts = stat()
        return fstat(descriptor, &facts) == 0 && facts.st_nlink > 0
    }

    /// Lets others write the file.
    func unlock() { _ = flock(descriptor, LOCK_UN) }

    /// Writes behind the last whole record and returns where it begins; nil where the disk does not take it. Only for
    /// who holds the lock.
    func append(_ bytes: [UInt8]) -> Int? {
        let start = end
        if size > start { _ = ftruncate(descriptor, start) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, start + written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            written += count
        }
        end = start + written
        return start
    }

    /// Bytes of the file.
    var size: Int {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? Int(facts.st_size) : 0
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let more = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if more < 0, errno == EINTR { continue }
                guard more > 0 else { return }
                filled += more
            }
        }
    }
}
