import CSodium

/// Feeds typed parts into a BLAKE2b hash, each with its own length, so that no two different sequences of parts
/// give the same bytes.
///
/// BLAKE2b comes from libsodium: fast on short and long input, and with a personal parameter that separates
/// purposes. Use a builder once and finish it once.
public struct HashBuilder: ~Copyable {
    private let state: UnsafeMutableRawPointer
    private let size: Int

    /// A hash that goes on from `state`, which the caller keeps as long as the builder.
    init(resuming state: UnsafeMutableRawPointer, size: Int) {
        self.state = state
        self.size = size
    }

    /// A hash whose state lies in `state`, which the caller keeps as long as the builder.
    init(_ purpose: HashPurpose, size: Int, state: UnsafeMutableRawPointer) {
        self.state = state
        self.size = size
        let status = shim_blake2b_init(state, size, purpose.personal)
        precondition(status == 0, "libsodium refused to start a hash of \(size) bytes")
    }

    /// Bytes with their length before them.
    public func append(_ bytes: some ContiguousBytesView) {
        bytes.withBytes { buffer in
            append(UInt64(buffer.count))
            if let base = buffer.baseAddress { shim_blake2b_update(state, base, UInt64(buffer.count)) }
        }
    }

    /// A number, as eight big-endian bytes.
    public func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { buffer in
            if let base = buffer.baseAddress { shim_blake2b_update(state, base, UInt64(buffer.count)) }
        }
    }

    /// Pieces that count as one: their bytes together, with the length of all before them.
    public func append(joined pieces: [String]) {
        append(UInt64(pieces.reduce(0) { $0 + $1.utf8.count }))
        for piece in pieces {
            piece.withBytes { buffer in
                if let base = buffer.baseAddress { shim_blake2b_update(state, base, UInt64(buffer.count)) }
            }
        }
    }

    /// A derived identity.
    public func append(_ digest: Digest128) {
        append(digest.high)
        append(digest.low)
    }

    /// A content hash.
    public func append(_ digest: Digest256) {
        append(digest.first)
        append(digest.second)
    }

    consuming func finish<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { output in
            if let start = output.baseAddress {
                shim_blake2b_final(state, start.assumingMemoryBound(to: UInt8.self), size)
            }
            return body(UnsafeRawBufferPointer(output))
        }
    }

    /// A 128-bit hash of what `body` appends, under the named purpose.
    public static func hash128(_ purpose: HashPurpose, _ body: (borrowing HashBuilder) -> Void) -> Digest128 {
        withBuilder(purpose, size: 16, body) { Digest128(unchecked: $0, at: 0) }
    }

    /// A 256-bit hash of what `body` appends, under the named purpose.
    public static func hash256(_ purpose: HashPurpose, _ body: (borrowing HashBuilder) -> Void) -> Digest256 {
        withBuilder(purpose, size: 32, body) { Digest256(unchecked: $0) }
    }

    /// Hashes with a state on the stack: most inputs are so short that an allocation would be felt.
    private static func withBuilder<Result>(
        _ purpose: HashPurpose, size: Int, _ body: (borrowing HashBuilder) -> Void,
        _ read: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(byteCount: stateBytes, alignment: 64) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("a hash has no state") }
            let builder = HashBuilder(purpose, size: size, state: start)
            body(builder)
            return builder.finish(read)
        }
    }

    static let stateBytes = shim_blake2b_state_size()

    /// A 64-bit hash of what `body` appends, under the named purpose.
    public static func hash64(_ purpose: HashPurpose, _ body: (borrowing HashBuilder) -> Void) -> UInt64 {
        hash128(purpose, body).high
    }
}

/// What can lend its bytes to a hash without copying them.
public protocol ContiguousBytesView {
    /// Runs `body` on the bytes.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
}

extension String: ContiguousBytesView {
    @inlinable public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

extension [UInt8]: ContiguousBytesView {
    @inlinable public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(body)
    }
}

extension ArraySlice<UInt8>: ContiguousBytesView {
    @inlinable public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(body)
    }
}
