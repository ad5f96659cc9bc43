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
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(high: bigEndianNumber(bytes.prefix(8)), low: bigEndianNumber(bytes.dropFirst(8)))
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
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32, let first = Digest128(bytes: bytes.prefix(16)),
            let second = Digest128(bytes: bytes.dropFirst(16))
        else { return nil }
        self.init(first: first, second: second)
    }

    public var description: String { hexadecimal(bytes) }
}

func bigEndianBytes(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

func bigEndianNumber(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
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
