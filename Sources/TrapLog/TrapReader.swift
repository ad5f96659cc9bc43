import CTrapLog
import Foundation
import Hashing
import Model

/// Reads the file of a process that is gone. What is no whole log tells nothing.
enum TrapReader {
    /// The trap that the log at a path tells of; nil where there is none.
    static func trap(at path: String) -> Trap? {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count == TrapLog.size else { return nil }
        return bytes.withUnsafeBytes(trap)
    }

    private static func trap(_ bytes: UnsafeRawBufferPointer) -> Trap? {
        let header = bytes.loadUnaligned(as: trap_log_header.self)
        guard withUnsafeBytes(of: header.magic, { $0.elementsEqual(TrapLog.magic) }),
            header.version == UInt32(TRAP_LOG_VERSION), header.seats == UInt32(TrapLog.seatCount),
            header.signal > 0
        else { return nil }
        var rounds: [UInt32: [TurnID]] = [:]
        for seat in 0..<TrapLog.seatCount {
            let place = MemoryLayout<trap_log_header>.stride + seat * MemoryLayout<trap_log_seat>.stride
            let found = bytes.loadUnaligned(fromByteOffset: place, as: trap_log_seat.self)
            guard found.taken != 0,
                let digest = withUnsafeBytes(of: found.root, { Digest128(bytes: Array($0)) })
            else { continue }
            rounds[found.round, default: []].append(TurnID(digest: digest))
        }
        guard let most = rounds.max(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) else { return nil }
        return Trap(
            run: withUnsafeBytes(of: header.run) { Array($0) }, life: header.life, signal: header.signal,
            round: most.key, roots: most.value.sorted())
    }
}
