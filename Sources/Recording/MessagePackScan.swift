/// Walks over the heads and scalars of MessagePack bytes from front to back, without regard to nesting. Stops at
/// bytes that are none.
struct MessagePackScan {
    /// What a token is, as far as anyone asks.
    enum Kind {
        /// A string with the range of its content.
        case text(Range<Int>)
        /// Four bytes under a type.
        case fixext4(type: UInt8)
        /// Anything else: a whole scalar, or the head of an array or map.
        case other
    }

    /// A token with the bytes that it takes.
    struct Token {
        var kind: Kind
        var range: Range<Int>
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether all bytes have been walked over.
    var isAtEnd: Bool { position == bytes.count }

    /// The next token; nil at the end and at bytes that are no MessagePack.
    mutating func next() -> Token? {
        guard position < bytes.count, let (head, content, isText) = extent(of: bytes[position]) else { return nil }
        let start = position
        let end = start + head + content
        guard end <= bytes.count else { return nil }
        position = end
        if isText { return Token(kind: .text(start + head..<end), range: start..<end) }
        let isExtension = bytes[start] == 0xd6
        return Token(kind: isExtension ? .fixext4(type: bytes[start + 1]) : .other, range: start..<end)
    }

    /// Bytes of a token's head and of its content, by its first byte.
    private func extent(of first: UInt8) -> (head: Int, content: Int, isText: Bool)? {
        switch first {
        case 0x00...0x9f, 0xc0, 0xc2, 0xc3, 0xe0...0xff: (1, 0, false)
        case 0xa0...0xbf: (1, Int(first & 0x1f), true)
        case 0xc4, 0xc5, 0xc6: sized(1 << Int(first - 0xc4), isText: false)
        case 0xd9, 0xda, 0xdb: sized(1 << Int(first - 0xd9), isText: true)
        case 0xcc, 0xd0: (2, 0, false)
        case 0xcd, 0xd1, 0xdc, 0xde: (3, 0, false)
        case 0xca, 0xce, 0xd2, 0xdd, 0xdf: (5, 0, false)
        case 0xcb, 0xcf, 0xd3: (9, 0, false)
        case 0xd6: (2, 4, false)
        default: nil
        }
    }

    /// A token whose content's length stands in `width` bytes after the first.
    private func sized(_ width: Int, isText: Bool) -> (head: Int, content: Int, isText: Bool)? {
        guard position + width < bytes.count else { return nil }
        let length = bytes[position + 1...position + width].reduce(0) { $0 << 8 | Int($1) }
        return (1 + width, length, isText)
    }
}
