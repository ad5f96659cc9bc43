/// Vectors as they travel and rest where more digits are wanted: little-endian IEEE 754 single-precision numbers, four
/// bytes each.
public enum SingleFloats {
    /// The components as bytes.
    public static func encoded(_ components: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(components.count * 4)
        for component in components {
            let bits = component.bitPattern
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        return bytes
    }

    /// The components; nil where the bytes are no whole number of them.
    public static func decoded(_ bytes: [UInt8]) -> [Float]? {
        guard bytes.count % 4 == 0 else { return nil }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
    }
}
