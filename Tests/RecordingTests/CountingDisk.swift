import Foundation
import GRDBSQLite
import Support

/// A layer between SQLite and the disk that counts syncs of each file and can break on command.
///
/// It becomes SQLite's default layer in the test process, once, and stays: SQLite keeps pointers to it.
final class CountingDisk: Sendable {
    /// What happens to the files of a folder.
    private struct State {
        var syncs: [String: Int] = [:]
        var failingWrites: [String: Int32] = [:]
        var failingSyncs: [String: Int32] = [:]
    }

    static let shared = CountingDisk()

    private let state = Guarded(State())

    /// Syncs of files whose path starts so.
    func syncs(under prefix: String) -> Int {
        state.withLock { $0.syncs.filter { $0.key.hasPrefix(prefix) }.values.reduce(0, +) }
    }

    /// Lets every write (or nil: none) below a folder fail with a code of SQLite.
    func failWrites(under prefix: String, _ code: Int32?) { state.withLock { $0.failingWrites[prefix] = code } }

    /// Lets every sync (or nil: none) below a folder fail with a code of SQLite.
    func failSyncs(under prefix: String, _ code: Int32?) { state.withLock { $0.failingSyncs[prefix] = code } }

    fileprivate func synced(_ path: String) -> Int32? {
        state.withLock { state in
            state.syncs[path, default: 0] += 1
            return state.failingSyncs.first { path.hasPrefix($0.key) }?.value
        }
    }

    fileprivate func written(_ path: String) -> Int32? {
        state.withLock { state in state.failingWrites.first { path.hasPrefix($0.key) }?.value }
    }

    private init() {
        guard let original = sqlite3_vfs_find(nil) else { return }
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: original.pointee)
        layer.pointee.zName = UnsafePointer(strdup("counting"))
        // Behind the original's file lies ours: its methods and its path.
        layer.pointee.szOsFile = original.pointee.szOsFile + Int32(MemoryLayout<FileTail>.size)
        layer.pointee.xOpen = { _, name, file, flags, outFlags in
            guard let original = sqlite3_vfs_find("unix"), let open = original.pointee.xOpen, let file
            else { return SQLITE_CANTOPEN }
            let status = open(original, name, file, flags, outFlags)
            guard status == SQLITE_OK, let methods = file.pointee.pMethods else { return status }
            let path = name.map { String(cString: $0) } ?? ""
            let tail = CountingDisk.tail(of: file)
            tail.initialize(
                to: FileTail(
                    methods: methods, path: Unmanaged.passRetained(path as NSString)))
            let wrapped = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            wrapped.initialize(to: methods.pointee)
            wrapped.pointee.xSync = { file, flags in
                guard let file else { return SQLITE_IOERR }
                let tail = CountingDisk.tail(of: file).pointee
                if let code = CountingDisk.shared.synced(tail.path.takeUnretainedValue() as String) { return code }
                return tail.methods.pointee.xSync(file, flags)
            }
            wrapped.pointee.xWrite = { file, bytes, count, offset in
                guard let file else { return SQLITE_IOERR }
                let tail = CountingDisk.tail(of: file).pointee
                if let code = CountingDisk.shared.written(tail.path.takeUnretainedValue() as String) { return code }
                return tail.methods.pointee.xWrite(file, bytes, count, offset)
            }
            wrapped.pointee.xClose = { file in
                guard let file else { return SQLITE_IOERR }
                let tail = CountingDisk.tail(of: file).pointee
                let wrapped = file.pointee.pMethods
                file.pointee.pMethods = tail.methods
                tail.path.release()
                wrapped?.deallocate()
                return tail.methods.pointee.xClose(file)
            }
            file.pointee.pMethods = UnsafePointer(wrapped)
            return status
        }
        sqlite3_vfs_register(layer, 1)
    }

    /// What we keep behind a file of the original layer.
    private struct FileTail {
        var methods: UnsafePointer<sqlite3_io_methods>
        var path: Unmanaged<NSString>
    }

    private static func tail(of file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<FileTail> {
        let size = Int(sqlite3_vfs_find("unix")?.pointee.szOsFile ?? 0)
        return (UnsafeMutableRawPointer(file) + size).assumingMemoryBound(to: FileTail.self)
    }
}
