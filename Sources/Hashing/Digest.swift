/// A 128-bit derived identity, printed as 32 hexadecimal digits.
public struct Digest128: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, big-endian, so that comparing numbers compares bytes.
    public var high: UInt64
    /// The last eight bytes, big-endian.
    public var low: UInt64

    /// A digest from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func < (left: Digest128, right: Digest128) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// The sixteen bytes, in order.
    public var bytes: [UInt8] { bigEndianBytes(high) + bigEndianBytes(low) }

    /// A digest from exactly sixteen bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self = bytes.withUnsafeBytes { Digest128(unchecked: $0, at: 0) }
    }

    /// A digest from exactly sixteen bytes; nil for any other count.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        self.init(unchecked: bytes, at: 0)
    }

    /// A digest from the sixteen bytes at `offset`, which must be there.
    init(unchecked bytes: UnsafeRawBufferPointer, at offset: Int) {
        high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
    }

    /// Runs `body` on the sixteen bytes, without allocating any.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: (high.bigEndian, low.bigEndian), body)
    }

    public var description: String { hexadecimal(bytes) }
}

/// A 256-bit content hash, printed as 64 hexadecimal digits.
public struct Digest256: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first sixteen bytes.
    public var first: Digest128
    /// The last sixteen bytes.
    public var second: Digest128

    /// A digest from its two halves.
    public init(first: Digest128, second: Digest128) {
        self.first = first
        self.second = second
    }

    /// The digest that stands before the first link of a chain.
    public static let zero = Digest256(first: .init(high: 0, low: 0), second: .init(high: 0, low: 0))

    public static func < (left: Digest256, right: Digest256) -> Bool {
        left.first != right.first ? left.first < right.first : left.second < right.second
    }

    /// The 32 bytes, in order.
    public var bytes: [UInt8] { first.bytes + second.bytes }

    /// A digest from exactly 32 bytes; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self = bytes.withUnsafeBytes { Digest256(unchecked: $0) }
    }

    /// A digest from exactly 32 bytes; nil for any other count.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        self.init(unchecked: bytes)
    }

    /// A digest from the first 32 bytes, which must be there.
    init(unchecked bytes: UnsafeRawBufferPointer) {
        first = Digest128(unchecked: bytes, at: 0)
        second = Digest128(unchecked: bytes, at: 16)
    }

    /// Runs `body` on the 32 bytes, without allocating any.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(
            of: (first.high.bigEndian, first.low.bigEndian, second.high.bigEndian, second.low.bigEndian), body)
    }

    public var description: String { hexadecimal(bytes) }
}

func bigEndianBytes(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
