/// The beginning of a 128-bit hash, hashed once and gone on with any number of times: for inputs that begin alike.
public final class HashPrefix: Sendable {
    private let state: [UInt8]

    /// The beginning that `body` appends, under the named purpose.
    public init(_ purpose: HashPurpose, _ body: (borrowing HashBuilder) -> Void) {
        state = withUnsafeTemporaryAllocation(byteCount: HashBuilder.stateBytes, alignment: 64) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("a hash has no state") }
            body(HashBuilder(purpose, size: 16, state: start))
            // The state is plain memory without pointers, so that a copy of it is a state, too.
            return Array(UnsafeRawBufferPointer(memory))
        }
    }

    /// The hash of the beginning and of what `body` appends to it.
    public func hash128(_ body: (borrowing HashBuilder) -> Void) -> Digest128 {
        withUnsafeTemporaryAllocation(byteCount: state.count, alignment: 64) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("a hash has no state") }
            memory.copyBytes(from: state)
            let builder = HashBuilder(resuming: start, size: 16)
            body(builder)
            return builder.finish { Digest128(unchecked: $0, at: 0) }
        }
    }
}
