/// The type of a MessagePack value, as its first byte tells it.
public enum MessagePackType: Sendable, Equatable {
    case `nil`, bool, integer, double, string, binary, array, map, `extension`

    /// The type of a value that starts with `first`; `0xc1`, which starts none, counts as an extension because
    /// validation has refused it before.
    init(firstByte first: UInt8) {
        switch first {
        case 0x00...0x7f, 0xcc...0xd3, 0xe0...0xff: self = .integer
        case 0x80...0x8f, 0xde, 0xdf: self = .map
        case 0x90...0x9f, 0xdc, 0xdd: self = .array
        case 0xa0...0xbf, 0xd9...0xdb: self = .string
        case 0xc0: self = .nil
        case 0xc2, 0xc3: self = .bool
        case 0xc4...0xc6: self = .binary
        case 0xca, 0xcb: self = .double
        default: self = .extension
        }
    }
}
