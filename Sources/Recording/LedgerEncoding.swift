import Hashing

/// Bytes of a row as the batch hash sees them: for each value a tag, then an integer's eight bytes, or the length and
/// the bytes of a text or blob. No two different rows have the same bytes.
struct LedgerEncoding {
    private(set) var bytes: [UInt8] = []

    mutating func appendNull() { bytes.append(0) }

    mutating func append(_ value: Int64) {
        bytes.append(1)
        appendNumber(UInt64(bitPattern: value))
    }

    mutating func append(_ text: String) {
        bytes.append(2)
        text.withBytes { utf8 in
            appendNumber(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func append(_ blob: [UInt8]) {
        bytes.append(3)
        appendNumber(UInt64(blob.count))
        bytes.append(contentsOf: blob)
    }

    /// Sixteen bytes, as a blob of them.
    mutating func append(_ digest: Digest128) {
        bytes.append(3)
        appendNumber(16)
        for half in [digest.high.bigEndian, digest.low.bigEndian] {
            withUnsafeBytes(of: half) { bytes.append(contentsOf: $0) }
        }
    }

    /// A value of a stored row, as it was appended when the row was written.
    mutating func append(_ row: SQLStatement, column: Int32) {
        switch SQLColumnType(row.type(column)) {
        case .null: appendNull()
        case .integer: append(row.int(column))
        case .text:
            let text = row.bytes(column)
            bytes.append(2)
            appendNumber(UInt64(text.count))
            bytes.append(contentsOf: text)
        case .blob, .real:
            let blob = row.bytes(column)
            bytes.append(3)
            appendNumber(UInt64(blob.count))
            bytes.append(contentsOf: blob)
        }
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func appendNumber(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
