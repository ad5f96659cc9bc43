import Hashing

/// What the recorder has acknowledged last, as it stands outside of the database: SQLite ends its journal at the first
/// frame that is damaged and says nothing, so that the database alone cannot know that it has become shorter.
struct AcknowledgementMark: Equatable {
    /// The last batch that was acknowledged.
    var batch: BatchHead
    /// The last closed round.
    var closedRound: UInt32
    /// The last batch of the last clean end. Batches behind it are read again when the recording is opened.
    var cleanBatch: Int64

    /// Bytes of a slot: one sector at most, which a disk writes whole or not at all.
    static let slotBytes = 128
    private static let header: [UInt8] = Array("GenSMark".utf8) + [0, 0, 0, 1]
    private static let contentBytes = header.count + 5 * 8 + 32

    /// A slot's bytes: the mark, its place in the sequence of marks, and a checksum over both.
    func slot(sequence: UInt64) -> [UInt8] {
        var bytes = Self.header
        for number in [
            sequence, UInt64(bitPattern: batch.number), UInt64(batch.round), UInt64(closedRound),
            UInt64(bitPattern: cleanBatch),
        ] { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
        bytes += batch.hash.bytes
        bytes += Self.checksum(bytes).bytes
        return bytes + [UInt8](repeating: 0, count: Self.slotBytes - bytes.count)
    }

    /// The mark in a slot with its place in the sequence; nil when the slot is empty, torn or changed.
    static func read(slot: ArraySlice<UInt8>) -> (mark: AcknowledgementMark, sequence: UInt64)? {
        let bytes = Array(slot)
        guard bytes.count == slotBytes, bytes.starts(with: header),
            Digest128(bytes: Array(bytes[contentBytes..<contentBytes + 16])) == checksum(Array(bytes[..<contentBytes])),
            let hash = Digest256(bytes: Array(bytes[contentBytes - 32..<contentBytes]))
        else { return nil }
        let numbers = (0..<5).map { index in
            bytes[header.count + index * 8..<header.count + index * 8 + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let batch = BatchHead(
            number: Int64(clamping: numbers[1]), hash: hash, round: UInt32(clamping: numbers[2]))
        let mark = AcknowledgementMark(
            batch: batch, closedRound: UInt32(clamping: numbers[3]), cleanBatch: Int64(clamping: numbers[4]))
        return (mark, numbers[0])
    }

    private static func checksum(_ bytes: [UInt8]) -> Digest128 {
        HashBuilder.hash128(.acknowledgement) { $0.append(bytes) }
    }
}
