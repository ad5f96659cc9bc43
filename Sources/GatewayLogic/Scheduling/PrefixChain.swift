/// The prefixes of a prompt, as chained hashes of its chunks: two prompts share exactly as many chunks as their
/// chains have leading hashes in common.
///
/// Only whole chunks count, and only the first ``longest``. The hashes order work and choose servers; nothing else
/// follows from them, so that a collision costs time and never an answer.
public struct PrefixChain: Sendable, Equatable {
    /// Bytes of a chunk: about four blocks of a model server's prefix cache, which holds 16 tokens in each.
    public static let chunkBytes = 256
    /// Tokens that a chunk stands for, at four bytes each.
    public static let chunkTokens = 64
    /// Chunks that are looked at: prompts that share 32 KiB are told apart by nothing that matters.
    public static let longest = 128

    /// Seed of the chain: the first 64 fractional bits of the square root of 2.
    private static let seed: UInt64 = 0x6A09_E667_F3BC_C908

    /// The hash of each prefix, shortest first.
    public private(set) var hashes: [UInt64]
    private var state = seed
    private var word: UInt64 = 0
    private var filled = 0

    /// The chain of an empty prompt.
    public init() { hashes = [] }

    /// A chain of these hashes, for prompts that are known by their prefixes alone.
    public init(hashes: [UInt64]) { self.hashes = Array(hashes.prefix(Self.longest)) }

    /// Number of whole chunks.
    public var count: Int { hashes.count }

    /// Appends a text's bytes. Where one text ends and the next begins does not enter.
    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends bytes.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count, hashes.count < Self.longest {
            if filled & 7 == 0, bytes.count - index >= 8 {
                take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
                filled += 8
                index += 8
            } else {
                word |= UInt64(bytes[index]) << UInt64(8 * (filled & 7))
                filled += 1
                index += 1
                if filled & 7 == 0 {
                    take(word)
                    word = 0
                }
            }
            if filled == Self.chunkBytes {
                hashes.append(Self.mixed(state))
                filled = 0
            }
        }
    }

    private mutating func take(_ word: UInt64) {
        // One step of multiply and rotate for each word, as in hashes for tables.
        state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        state = (state << 29) | (state >> 35)
    }

    /// Spreads the bits: the chain goes on from `state`, and tables use the result.
    private static func mixed(_ state: UInt64) -> UInt64 {
        var hash = state
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }

    public static func == (left: PrefixChain, right: PrefixChain) -> Bool { left.hashes == right.hashes }
}
