import CxxMsgpackTape

/// Reads one MessagePack value from a buffer, front to back.
///
/// The initializer validates the whole input in one pass through msgpack-c; the readers then walk a list of tokens
/// and never trap: a value of another type is an error and leaves the position where it is.
public struct Unpacker {
    private let bytes: [UInt8]
    private let tape: [msgpack_tape_token]
    private let readableDepth: Int
    private var next = 0

    /// Validates `bytes`, which must hold exactly one value within `limits`.
    public init(_ bytes: [UInt8], limits: UnpackLimits = .default) throws(UnpackError) {
        let result = bytes.withUnsafeBufferPointer { input in
            var bounds = msgpack_tape_limits()
            bounds.max_bytes = UInt64(clamping: limits.maxBytes)
            bounds.max_depth = UInt32(clamping: limits.maxDepth)
            bounds.max_tokens = UInt32(clamping: limits.maxTokens)
            bounds.tape_depth = UInt32(clamping: limits.readableDepth)
            return msgpack_tape_parse(input.baseAddress, input.count, &bounds)
        }
        if let error = UnpackError(result) { throw error }
        self.bytes = bytes
        readableDepth = limits.readableDepth
        tape = Array(UnsafeBufferPointer(start: result.tokens, count: result.count))
    }

    /// Offset of the next value, or the length of the input at its end.
    public var offset: Int { token.map { Int($0.start) } ?? bytes.count }

    /// The next value's type, or nil at the end.
    public func peekType() -> MessagePackType? {
        token.map { MessagePackType(firstByte: bytes[Int($0.start)]) }
    }

    /// Reads nil.
    public mutating func readNil() throws(UnpackError) { _ = try take(.nil, as: .nil) }

    /// Reads a boolean.
    public mutating func readBool() throws(UnpackError) -> Bool { try take(.bool, as: .bool).value != 0 }

    /// Reads an integer that fits 64 bits with a sign.
    public mutating func readInt() throws(UnpackError) -> Int64 {
        let token = try peek(.integer, as: .signedInteger)
        let isSigned = isSigned(token)
        guard isSigned || token.value <= UInt64(Int64.max) else {
            throw .outOfRange(expected: .signedInteger, offset: Int(token.start))
        }
        next += 1
        return Int64(bitPattern: token.value)
    }

    /// Reads an integer that is not negative.
    public mutating func readUInt() throws(UnpackError) -> UInt64 {
        let token = try peek(.integer, as: .unsignedInteger)
        guard !isSigned(token) || Int64(bitPattern: token.value) >= 0 else {
            throw .outOfRange(expected: .unsignedInteger, offset: Int(token.start))
        }
        next += 1
        return token.value
    }

    /// Reads a number; integers are converted, to the nearest double.
    public mutating func readDouble() throws(UnpackError) -> Double {
        switch peekType() {
        case .integer:
            let token = try take(.integer, as: .number)
            return isSigned(token) ? Double(Int64(bitPattern: token.value)) : Double(token.value)
        default:
            return Double(bitPattern: try take(.double, as: .number).value)
        }
    }

    /// Reads a string, which must be valid UTF-8.
    public mutating func readString() throws(UnpackError) -> String {
        let token = try peek(.string, as: .string)
        do {
            let text = String(copying: try UTF8Span(validating: bytes.span.extracting(payload(token))))
            next += 1
            return text
        } catch {
            throw .invalidUTF8(offset: Int(token.start))
        }
    }

    /// Reads binary data.
    public mutating func readBinary() throws(UnpackError) -> [UInt8] {
        Array(bytes[payload(try take(.binary, as: .binary))])
    }

    /// Reads binary data through `body`, without a copy; the pointer must not leave it. What `body` refuses by nil is
    /// not read: an error of length.
    public mutating func readBinary<Result>(
        _ body: (UnsafeRawBufferPointer) -> Result?
    ) throws(UnpackError) -> Result {
        let token = try peek(.binary, as: .binary)
        let range = payload(token)
        let result = bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
        guard let result else { throw .outOfRange(expected: .binary, offset: Int(token.start)) }
        next += 1
        return result
    }

    /// Enters an array and gives the number of its elements, which are read next.
    public mutating func readArrayHeader() throws(UnpackError) -> Int { try enter(.array, as: .array) }

    /// Enters an array that must have exactly `count` elements, which are read next.
    public mutating func readArray(of count: Int) throws(UnpackError) {
        let token = try peek(.array, as: .arrayOf(count))
        guard token.value == UInt64(clamping: count) else {
            throw .outOfRange(expected: .arrayOf(count), offset: Int(token.start))
        }
        _ = try enter(.array, as: .arrayOf(count))
    }

    /// Enters a map and gives the number of its pairs; keys and values are read next, in turn.
    public mutating func readMapHeader() throws(UnpackError) -> Int { try enter(.map, as: .map) }

    /// Passes over one whole value.
    public mutating func skip() throws(UnpackError) { _ = try wholeValue() }

    /// Takes one whole value as it was packed.
    public mutating func readRaw() throws(UnpackError) -> [UInt8] {
        let value = try wholeValue()
        return Array(bytes[Int(value.start)..<Int(value.end)])
    }

    /// Checks that everything was read.
    public func expectEnd() throws(UnpackError) {
        if let token { throw .unreadValues(offset: Int(token.start)) }
    }

    // MARK: - The tape

    private var token: msgpack_tape_token? { next < tape.count ? tape[next] : nil }

    private func peek(
        _ type: MessagePackType, as expected: UnpackError.Expectation
    ) throws(UnpackError) -> msgpack_tape_token {
        guard let token else { throw .unexpected(found: nil, expected: expected, offset: bytes.count) }
        let found = MessagePackType(firstByte: bytes[Int(token.start)])
        guard found == type else { throw .unexpected(found: found, expected: expected, offset: Int(token.start)) }
        return token
    }

    private mutating func take(
        _ type: MessagePackType, as expected: UnpackError.Expectation
    ) throws(UnpackError) -> msgpack_tape_token {
        let token = try peek(type, as: expected)
        next += 1
        return token
    }

    private mutating func enter(
        _ type: MessagePackType, as expected: UnpackError.Expectation
    ) throws(UnpackError) -> Int {
        let token = try peek(type, as: expected)
        let isReadable = readableDepth == .max || token.value == 0 || hasTapedElements(token)
        guard isReadable else { throw .limitExceeded(.depth, offset: Int(token.start)) }
        next += 1
        return Int(token.value)
    }

    /// Whether the elements of a container that is not empty have tokens: then the next one lies inside it.
    private func hasTapedElements(_ container: msgpack_tape_token) -> Bool {
        next + 1 < tape.count && tape[next + 1].start < container.end
    }

    private mutating func wholeValue() throws(UnpackError) -> msgpack_tape_token {
        guard let value = token else { throw .unexpected(found: nil, expected: .anyValue, offset: bytes.count) }
        repeat { next += 1 } while offset < Int(value.end)
        return value
    }

    private func payload(_ token: msgpack_tape_token) -> Range<Int> {
        Int(token.end) - Int(token.value)..<Int(token.end)
    }

    private func isSigned(_ token: msgpack_tape_token) -> Bool {
        let first = bytes[Int(token.start)]
        return first >= 0xe0 || (0xd0...0xd3).contains(first)
    }
}

extension UnpackError {
    /// The error of a parse that failed.
    init?(_ result: msgpack_tape_result) {
        let offset = Int(clamping: result.offset)
        switch result.status {
        case msgpack_tape_ok: return nil
        case msgpack_tape_truncated: self = .truncated(offset: offset)
        case msgpack_tape_malformed: self = .malformed(offset: offset)
        case msgpack_tape_trailing: self = .trailingBytes(offset: offset)
        case msgpack_tape_too_long: self = .limitExceeded(.bytes, offset: offset)
        case msgpack_tape_too_deep: self = .limitExceeded(.depth, offset: offset)
        case msgpack_tape_too_many: self = .limitExceeded(.tokens, offset: offset)
        default: self = .outOfMemory
        }
    }
}
