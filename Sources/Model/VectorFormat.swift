import MessagePack

/// How the components of a vector travel and rest, always little-endian. What ranks is computed in fixed point from
/// either.
public enum VectorFormat: String, Hashable, Sendable, CaseIterable, Packable {
    /// IEEE 754 half precision, two bytes a component.
    case float16
    /// IEEE 754 single precision, four bytes a component.
    case float32

    /// Bytes of a component.
    public var width: Int {
        switch self {
        case .float16: 2
        case .float32: 4
        }
    }

    public func pack(into packer: inout Packer) { packer.pack(UInt64(width)) }

    public init(from unpacker: inout Unpacker) throws {
        let width = try unpacker.readUInt()
        guard let format = Self.allCases.first(where: { UInt64($0.width) == width }) else {
            throw DecodingFailure.range("vector format")
        }
        self = format
    }
}
