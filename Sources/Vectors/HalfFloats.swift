/// Vectors as they travel and rest: little-endian IEEE 754 half-precision numbers, two bytes each.
public enum HalfFloats {
    /// Scales `components` to length 1 and writes them as half floats, rounded to the nearest, ties to even.
    ///
    /// The one place where floating point shapes a vector: whoever receives it from a model does this once, and
    /// everybody else computes from the recorded bytes.
    public static func normalized(_ components: [Float]) throws(VectorError) -> [UInt8] {
        guard !components.isEmpty else { throw .empty }
        var square = 0.0
        for component in components {
            guard component.isFinite else { throw .notFinite }
            square += Double(component) * Double(component)
        }
        guard square > 0 else { throw .zeroLength }
        let length = square.squareRoot()
        return encoded(components.map { Float(Double($0) / length) })
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
