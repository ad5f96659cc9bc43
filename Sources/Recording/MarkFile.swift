import Glibc
import Support

/// The file beside a recording that holds the mark of what was acknowledged, in two slots that are written in turn: a
/// write that tears one leaves the other.
///
/// A mark is written after its batch is on the disk. One that is older than the journal only notices less; it never
/// speaks against a good file. So the mark need not be synced with each batch: when a process dies, the kernel keeps
/// what was written, and after a power cut the mark is as old as the last sync, which comes with each closed round and
/// with a clean end. Synced with each batch it would make every commit wait for the disk twice.
final class MarkFile {
    /// What is found beside a recording.
    enum Found: Equatable {
        /// Nothing: the recording was copied without it, or is new.
        case missing
        /// A file that holds no mark. Writing never leaves one, so something else did.
        case damaged
        /// The latest mark.
        case mark(AcknowledgementMark)
    }

    /// The second slot lies in a page of its own.
    private static let slotDistance = 4096
    private static let fileBytes = 2 * slotDistance

    private let path: String
    private let descriptor: Int32
    private var sequence: UInt64

    /// Where the mark of the recording at `path` lies: `recording.acknowledged` beside `recording.sqlite`.
    static func path(beside path: String) -> String {
        let ending = ".sqlite"
        return (path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path) + ".acknowledged"
    }

    /// Reads the mark beside the recording at `recording`.
    static func read(beside recording: String) throws -> Found {
        guard let latest = try slots(path(beside: recording)) else { return .missing }
        return latest.first.map { .mark($0.mark) } ?? .damaged
    }

    /// Opens the file beside a recording, made anew with `mark` when it is missing.
    init(beside recording: String, mark: AcknowledgementMark) throws {
        path = Self.path(beside: recording)
        if try Self.slots(path) == nil { try Self.create(path, mark) }
        sequence = try Self.slots(path)?.first?.sequence ?? 0
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno, "the mark \(path) cannot be opened") }
    }

    deinit { close(descriptor) }

    /// Writes a mark over the older of the two. `synced` waits until it is on the disk.
    func write(_ mark: AcknowledgementMark, synced: Bool) throws {
        sequence += 1
        let offset = Int(sequence % 2) * Self.slotDistance
        try Self.write(mark.slot(sequence: sequence), to: descriptor, at: offset, path)
        if synced, fdatasync(descriptor) != 0 {
            throw StorageFailure(errno: errno, "the mark \(path) cannot be synced")
        }
    }

    /// The readable slots, the latest first; nil where there is no file.
    private static func slots(_ path: String) throws -> [(mark: AcknowledgementMark, sequence: UInt64)]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StorageFailure(errno: errno, "the mark \(path) cannot be opened")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: fileBytes)
        let count = pread(descriptor, &bytes, fileBytes, 0)
        guard count >= 0 else { throw StorageFailure(errno: errno, "the mark \(path) cannot be read") }
        let found = [0, slotDistance].compactMap { offset in
            AcknowledgementMark.read(slot: bytes[offset..<offset + AcknowledgementMark.slotBytes])
        }
        return found.sorted { $0.sequence > $1.sequence }
    }

    /// Makes the file whole under another name first, so that no crash leaves it without a mark.
    private static func create(_ path: String, _ mark: AcknowledgementMark) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno, "the mark \(temporary) cannot be made") }
        defer { close(descriptor) }
        let empty = [UInt8](repeating: 0, count: slotDistance - AcknowledgementMark.slotBytes)
        // Both slots hold it, so that the first write over one of them is safe as well.
        let bytes = mark.slot(sequence: 0) + empty + mark.slot(sequence: 1) + empty
        try write(bytes, to: descriptor, at: 0, temporary)
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw StorageFailure(errno: errno, "the mark \(path) cannot be made")
        }
        let folder = open(folder(of: path), O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw StorageFailure(errno: errno, "the folder of \(path) cannot be opened") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw StorageFailure(errno: errno, "the folder of \(path) cannot be synced") }
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at offset: Int, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw StorageFailure(errno: errno, "the mark \(path) cannot be written") }
            written += count
        }
    }
}
