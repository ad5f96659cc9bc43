import CVectorKernels

/// A vector in fixed point: what ranks or selects is computed from these integers, the same on every machine.
///
/// A component is a whole number of 1/16384 (14 fractional bits, "Q14"), so a unit vector's components fit into 15
/// bits and sign, and an inner product counts 1/2^28 ("Q28"). Copies share one storage.
public struct FixedVector: Hashable, Sendable {
    /// Components in units of 2^-14, from -32767 to 32767.
    public let components: [Int16]

    /// One, as a component.
    public static let one: Int64 = 1 << 14
    /// One, as an inner product.
    public static let oneProduct: Int64 = 1 << 28

    /// A vector of components in units of 2^-14; -32768 becomes -32767.
    public init(components: [Int16]) { self.components = components.map { max($0, -Int16.max) } }

    /// The vector that little-endian half floats stand for, each rounded to the nearest 2^-14, ties to even, and cut
    /// to what fits. Infinite values are cut likewise, and what is no number counts as 0.
    public init(halfFloats bytes: [UInt8]) throws(VectorError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count % 2 == 0 else { throw .oddLength(bytes: bytes.count) }
        components = [Int16](unsafeUninitializedCapacity: bytes.count / 2) { components, filled in
            bytes.withUnsafeBufferPointer { bytes in
                guard let from = bytes.baseAddress, let to = components.baseAddress else { return }
                vector_fixed_from_halves(from, to, bytes.count / 2)
            }
            filled = bytes.count / 2
        }
    }

    /// The vector that little-endian single-precision floats stand for, rounded and cut as half floats are.
    public init(singleFloats bytes: [UInt8]) throws(VectorError) {
        guard !bytes.isEmpty else { throw .empty }
        guard let floats = SingleFloats.decoded(bytes) else { throw .oddLength(bytes: bytes.count) }
        components = floats.map { component in
            guard !component.isNaN else { return 0 }
            // A product with a power of two is exact, so that this rounds once.
            let scaled = (component * Float(Self.one)).rounded(.toNearestOrEven)
            return Int16(max(-Float(Int16.max), min(Float(Int16.max), scaled)))
        }
    }

    /// The vector of `dimension` components that travelled as `bytes`: half floats where there are two bytes a
    /// component, single-precision ones where there are four.
    public init(bytes: [UInt8], dimension: Int) throws(VectorError) {
        if bytes.count == dimension * 4 {
            try self.init(singleFloats: bytes)
        } else {
            try self.init(halfFloats: bytes)
            guard self.dimension == dimension else { throw .dimension(found: self.dimension, expected: dimension) }
        }
    }

    /// Number of components.
    public var dimension: Int { components.count }

    /// Inner product in units of 2^-28, exact. Both vectors must have the same dimension.
    public func dot(_ other: FixedVector) -> Int64 {
        precondition(dimension == other.dimension, "an inner product needs vectors of one dimension")
        return components.withUnsafeBufferPointer { left in
            other.components.withUnsafeBufferPointer { right in
                guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return 0 }
                return vector_dot_int16(leftBase, rightBase, left.count)
            }
        }
    }
}
