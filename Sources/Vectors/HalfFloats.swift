/// Vectors as they travel and rest: little-endian IEEE 754 half-precision numbers, two bytes each.
public enum HalfFloats {
    /// Scales `components` to length 1 and writes them as half floats, rounded to the nearest, ties to even.
    public static func normalized(_ components: [Float]) throws(VectorError) -> [UInt8] {
        encoded(try UnitVector.of(components))
    }

    /// The components as half floats, rounded to the nearest, ties to even; what is too large becomes infinite.
    public static func encoded(_ components: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(components.count * 2)
        for component in components {
            let bits = Float16(component).bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        }
        return bytes
    }

    /// The components of half floats, exactly; nil for an odd number of bytes.
    public static func decoded(_ bytes: [UInt8]) -> [Float]? {
        guard bytes.count % 2 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 2).map { index in
            Float(Float16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8))
        }
    }
}
