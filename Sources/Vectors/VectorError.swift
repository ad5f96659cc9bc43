/// Why numbers make no vector to search with.
public enum VectorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There are no numbers.
    case empty
    /// A number is infinite or none.
    case notFinite
    /// All numbers are zero: no direction.
    case zeroLength
    /// The bytes do not hold whole floats.
    case oddLength(bytes: Int)
    /// The vector is not as long as the others.
    case dimension(found: Int, expected: Int)

    public var description: String {
        switch self {
        case .empty: "the vector has no numbers"
        case .notFinite: "the vector holds an infinite number or one that is none"
        case .zeroLength: "all numbers of the vector are zero"
        case .oddLength(let bytes): "\(bytes) bytes hold no whole number of floats"
        case .dimension(let found, let expected): "the vector has \(found) numbers instead of \(expected)"
        }
    }
}
