import Foundation
import Glibc
import Hashing
import Support

/// Where vectors outlive the process, and how much of the disk they may take.
struct VectorFolderSettings: Sendable {
    /// The folder.
    var folder: String
    /// Bytes of its files at most.
    var bytes: Int
}

/// A folder of vectors that several processes share, one after another and at the same time.
///
/// Files only grow, each written by one process at a time, which holds its lock; all read all. A record is believed
/// only if its check value is right, so a torn or damaged one costs a question to the server and nothing else. Nothing
/// is synced to the disk: what a power cut takes is asked for again. When the folder is too large the oldest file goes.
final class VectorFolder: VectorArchive {
    /// Records that did not hold what was written.
    private(set) var damaged = 0
    /// Why nothing is written any more; nil while all is well.
    private(set) var trouble: String?

    private let folder: String
    private let identity: VectorIdentity
    private let limit: Int
    private var files: [VectorFile] = []
    private var index: [Digest128: (file: VectorFile, place: VectorFileFormat.Place)] = [:]
    /// The file that we write.
    private var own: VectorFile?
    private var unwritten: [UInt8] = []
    private var unwrittenKeys: [(key: Digest128, place: VectorFileFormat.Place)] = []

    private static let suffix = ".vectors"
    private static let mostUnwritten = 1 << 20

    /// The vectors of a model in a folder that may hold `limit` bytes. Throws where the folder cannot be made.
    init(_ folder: String, identity: VectorIdentity, limit: Int) throws(UserError) {
        self.folder = folder
        self.identity = identity
        self.limit = limit
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw UserError(
                "the folder of the cache cannot be made", at: folder,
                advice: "check its path and permissions, or leave out --cache", exitCode: .cannotCreate)
        }
        for path in Self.paths(folder) {
            guard let file = VectorFile.open(path), file.identity.matches(identity) else { continue }
            file.scan { index[$0] = (file, $1) }
            files.append(file)
        }
        makeRoom()
    }

    deinit { flush() }

    /// Vectors that can be read.
    var count: Int { index.count }

    func vector(_ key: Digest128, bytes: Int) -> [UInt8]? {
        guard let (file, place) = index[key] else { return nil }
        guard place.length == bytes, let vector = file.vector(key, at: place) else {
            damaged += 1
            index[key] = nil
            return nil
        }
        return vector
    }

    func keep(_ key: Digest128, _ vector: [UInt8]) {
        guard trouble == nil, index[key] == nil else { return }
        unwrittenKeys.append((key, VectorFileFormat.Place(offset: unwritten.count, length: vector.count)))
        unwritten += VectorFileFormat.record(key, vector)
        if unwritten.count >= Self.mostUnwritten { flush() }
    }

    /// Writes what was kept. Call it a few times a second.
    func flush() {
        guard !unwritten.isEmpty, trouble == nil else { return }
        defer {
            unwritten.removeAll(keepingCapacity: true)
            unwrittenKeys.removeAll(keepingCapacity: true)
        }
        guard let file = writable(), let start = file.append(unwritten) else {
            trouble = "the cache takes no more vectors: \(String(cString: strerror(errno)))"
            return
        }
        for (key, place) in unwrittenKeys {
            index[key] = (file, VectorFileFormat.Place(offset: start + place.offset, length: place.length))
        }
        if file.end >= segmentBytes {
            file.unlock()
            own = nil
            makeRoom()
        }
    }

    /// A file is full at an eighth of the folder, so that little is lost when the oldest goes.
    private var segmentBytes: Int { min(max(limit / 8, 1), 64 << 20) }

    private func writable() -> VectorFile? {
        if let own { return own }
        for file in files.reversed() where file.end < segmentBytes && file.lock() {
            // Another process may have written on.
            file.scan { index[$0] = (file, $1) }
            own = file
            return file
        }
        own = created()
        return own
    }

    private func created() -> VectorFile? {
        // Only a name that nobody else has.
        let name = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        guard let file = VectorFile.create("\(folder)/\(name)\(Self.suffix)", identity) else { return nil }
        files.append(file)
        return file
    }

    /// Removes the oldest files until the rest fits; those that somebody writes stay.
    private func makeRoom() {
        let paths = Self.paths(folder)
        var total = paths.reduce(0) { $0 + Self.facts($1).bytes }
        for path in paths where total > limit && path != own?.path {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
            total -= Self.facts(path).bytes
            unlink(path)
            index = index.filter { $0.value.file.path != path }
            files.removeAll { $0.path == path }
        }
    }

    /// The folder's files, the one that was written longest ago first.
    private static func paths(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }
            .map { (path: $0, written: facts($0).written) }
            .sorted { ($0.written, $0.path) < ($1.written, $1.path) }.map(\.path)
    }

    private static func facts(_ path: String) -> (bytes: Int, written: Int) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return (0, 0) }
        return (Int(facts.st_size), facts.st_mtim.tv_sec * 1_000_000_000 + facts.st_mtim.tv_nsec)
    }
}
