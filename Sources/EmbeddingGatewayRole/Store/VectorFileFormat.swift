import Hashing

/// Which model a file's vectors are of.
struct VectorIdentity: Sendable, Equatable {
    /// The model's name.
    var model: String
    /// The unit vector that it makes of the probe's text.
    var sample: [Float]

    /// How far two samples of one model may be apart, as 1 less their product: machines and versions of a server round
    /// differently, other models are much farther away.
    private static let tolerance = 2e-5

    /// Whether vectors of the other are as good as ours.
    func matches(_ other: VectorIdentity) -> Bool {
        guard model == other.model, sample.count == other.sample.count else { return false }
        let product = zip(sample, other.sample).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        return product >= 1 - Self.tolerance && product <= 1 + Self.tolerance
    }
}

/// How a file of the cache is written: a head that names the model, then records, each with a check value over all of
/// it. Numbers are little-endian.
enum VectorFileFormat {
    /// Where a record's vector lies.
    struct Place: Equatable {
        var offset: Int
        var length: Int
    }

    private static let fileMark = Array("GSVECT01".utf8)
    private static let recordMark: UInt32 = 0x4345_5647
    /// Bytes of a record before its vector: mark, length, key, check value.
    static let recordHead = 32
    private static let mostBytes = 65_536 * 4

    /// The head of a file: mark, length, check value, sample, name.
    static func head(_ identity: VectorIdentity) -> [UInt8] {
        var body = bytes(UInt32(identity.sample.count))
        for component in identity.sample { body += bytes(component.bitPattern) }
        body += Array(identity.model.utf8)
        return fileMark + bytes(UInt32(body.count)) + bytes(check(nil, body[...])) + body
    }

    /// Reads a head; nil where it is none, or damaged. `length` is how much of the file it takes.
    static func readHead(_ file: [UInt8]) -> (identity: VectorIdentity, length: Int)? {
        guard file.count >= 24, Array(file[..<8]) == fileMark, let count = number(file, 8, UInt32.self),
            let expected = number(file, 12, UInt64.self), Int(count) <= file.count - 20
        else { return nil }
        let body = file[20..<20 + Int(count)]
        guard check(nil, body) == expected, let dimension = number(file, 20, UInt32.self),
            4 + Int(dimension) * 4 <= body.count
        else { return nil }
        let sample = (0..<Int(dimension)).map { index in
            Float(bitPattern: number(file, 24 + index * 4, UInt32.self) ?? 0)
        }
        let name = String(decoding: body.dropFirst(4 + Int(dimension) * 4), as: UTF8.self)
        return (VectorIdentity(model: name, sample: sample), 20 + Int(count))
    }

    /// A whole record.
    static func record(_ key: Digest128, _ vector: [UInt8]) -> [UInt8] {
        bytes(recordMark) + bytes(UInt32(vector.count)) + key.bytes + bytes(check(key, vector[...])) + vector
    }

    /// The vector of a record; nil where a single bit differs from what was written for this key.
    static func vector(_ record: [UInt8], of key: Digest128) -> [UInt8]? {
        guard let head = readRecordHead(record, at: 0), head.key == key, record.count == recordHead + head.length,
            number(record, 24, UInt64.self) == check(key, record[recordHead...])
        else { return nil }
        return Array(record[recordHead...])
    }

    /// Key and length of the record that begins at `offset`; nil where none does.
    static func readRecordHead(_ bytes: [UInt8], at offset: Int) -> (key: Digest128, length: Int)? {
        guard offset + recordHead <= bytes.count, number(bytes, offset, UInt32.self) == recordMark,
            let length = number(bytes, offset + 4, UInt32.self), (1...mostBytes).contains(Int(length)),
            let key = Digest128(bytes: Array(bytes[offset + 8..<offset + 24]))
        else { return nil }
        return (key, Int(length))
    }

    private static func check(_ key: Digest128?, _ body: ArraySlice<UInt8>) -> UInt64 {
        HashBuilder.hash64(.vectorCheck) { builder in
            if let key { builder.append(key) }
            builder.append(Array(body))
        }
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func number<Number: FixedWidthInteger>(
        _ bytes: [UInt8], _ offset: Int, _: Number.Type
    ) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }
}
