/// Why bytes were not read as MessagePack. Offsets count bytes from the start of the input.
public enum UnpackError: Error, Sendable, Equatable {
    /// What a reader asked for.
    public enum Expectation: Sendable, Equatable {
        case `nil`, bool, signedInteger, unsignedInteger, number, string, binary, array, map, anyValue
        /// An array of exactly this many elements.
        case arrayOf(Int)
    }

    /// A limit of `UnpackLimits`.
    public enum Limit: Sendable, Equatable {
        case bytes, depth, tokens
    }

    /// The input ends inside a value, or a header claims more than there is.
    case truncated(offset: Int)
    /// A byte that starts no value.
    case malformed(offset: Int)
    /// Bytes follow the one value.
    case trailingBytes(offset: Int)
    /// The input exceeds a limit.
    case limitExceeded(Limit, offset: Int)
    /// There is another type of value than the reader asked for; `found` is nil at the end of the input.
    case unexpected(found: MessagePackType?, expected: Expectation, offset: Int)
    /// An integer that does not fit what the reader asked for, or an array of another length.
    case outOfRange(expected: Expectation, offset: Int)
    /// A string that is not UTF-8.
    case invalidUTF8(offset: Int)
    /// Values are left where the reader expected the end.
    case unreadValues(offset: Int)
    /// A value that is well formed and that a reader above refuses: `reason` says what is wrong with it.
    case invalid(reason: String, offset: Int)
    /// The memory for the list of tokens could not be had.
    case outOfMemory
}

extension UnpackError: CustomStringConvertible {
    /// One line that names what was wrong and where, without any of the content.
    public var description: String {
        switch self {
        case .truncated(let offset): "the input ends inside a value, at byte \(offset)"
        case .malformed(let offset): "byte \(offset) starts no MessagePack value"
        case .trailingBytes(let offset): "bytes follow the value, from byte \(offset)"
        case .limitExceeded(let limit, let offset): "the limit of \(limit) is exceeded at byte \(offset)"
        case .unexpected(let found, let expected, let offset):
            "expected \(expected) at byte \(offset), found \(found.map { "\($0)" } ?? "the end")"
        case .outOfRange(let expected, let offset): "the value at byte \(offset) does not fit \(expected)"
        case .invalidUTF8(let offset): "the string at byte \(offset) is not UTF-8"
        case .unreadValues(let offset): "values are left over from byte \(offset)"
        case .invalid(let reason, let offset): "\(reason) at byte \(offset)"
        case .outOfMemory: "not enough memory to read the input"
        }
    }
}
