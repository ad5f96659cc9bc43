import Hashing
import Model

/// The form in which a tree lies in the store: its canonical bytes, with longer texts replaced by numbers of segments.
///
/// What agents remember, say and tell of stands in a tree as well as in prompts and tables; stored once as a segment
/// it halves a recording. MessagePack is flat, so that the texts are found in one pass over the bytes; canonical
/// trees hold no extension values, so that `fixext 4` of type 1 can stand for a segment.
enum TreeStorage {
    /// Shorter texts cost less than a segment with its index.
    private static let shortestText = 32
    private static let segmentType: UInt8 = 1

    /// The stored form; `segment` gives the number of a text.
    static func stored(_ tree: [UInt8], segment: (String) throws -> Int64) throws -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(tree.count)
        var copied = 0
        var scan = MessagePackScan(tree)
        while let token = scan.next() {
            if case .text(let content) = token.kind, content.count >= shortestText,
                let text = String(validating: tree[content], as: UTF8.self),
                let id = UInt32(exactly: try segment(text))
            {
                result += tree[copied..<token.range.lowerBound]
                result.append(0xd6)
                result.append(segmentType)
                withUnsafeBytes(of: id.bigEndian) { result.append(contentsOf: $0) }
                copied = token.range.upperBound
            }
        }
        // Bytes that the walk does not understand are kept as they are; they hold no segment.
        guard scan.isAtEnd else { return tree }
        result += tree[copied...]
        return result
    }

    /// The canonical bytes; `text` gives the text of a segment. Nil for bytes that are no stored tree.
    static func canonical(_ stored: [UInt8], text: (Int64) throws -> String) rethrows -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(stored.count * 2)
        var copied = 0
        var scan = MessagePackScan(stored)
        while let token = scan.next() {
            if case .fixext4(let type) = token.kind, type == segmentType {
                let id = stored[token.range.suffix(4)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
                result += stored[copied..<token.range.lowerBound]
                append(try text(id), to: &result)
                copied = token.range.upperBound
            }
        }
        guard scan.isAtEnd else { return nil }
        result += stored[copied...]
        return result
    }

    /// A text of at least 32 bytes in its shortest form.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        text.withBytes { utf8 in
            let count = utf8.count
            switch count {
            case ..<0x100: bytes += [0xd9, UInt8(count)]
            case ..<0x1_0000: bytes += [0xda, UInt8(count >> 8), UInt8(count & 0xff)]
            default:
                bytes.append(0xdb)
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).bigEndian) { bytes.append(contentsOf: $0) }
            }
            bytes.append(contentsOf: utf8)
        }
    }
}
