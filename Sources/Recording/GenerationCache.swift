import Glibc
import Hashing

/// A bounded cache in two generations: what was used since the last change of generation survives the next one.
///
/// As cheap as a dictionary, and near enough to "least recently used" for texts that come in waves.
struct GenerationCache<Key: Hashable, Value> {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private var youngCost = 0
    private let costLimit: Int

    /// Holds at most `costLimit` of cost, in two generations of half of it.
    init(costLimit: Int) { self.costLimit = costLimit / 2 }

    /// The value under `key`; `cost` is what it takes to hold it.
    mutating func value(_ key: Key, cost: Int) -> Value? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        insert(value, key, cost: cost)
        return value
    }

    mutating func insert(_ value: Value, _ key: Key, cost: Int) {
        if youngCost + cost > costLimit {
            old = young
            young = [:]
            youngCost = 0
        }
        if young.updateValue(value, forKey: key) == nil { youngCost += cost }
    }
}

/// A text as a dictionary key by its bytes. `String` itself compares by canonical equivalence, which costs more and
/// would take two different texts for one.
///
/// Carries a fingerprint, so that a long text is read once for each look-up and not once for each key it passes. The
/// fingerprint places keys in a cache and nothing else depends on it.
struct TextKey: Hashable {
    let text: String
    private let fingerprint: UInt64

    init(text: String) {
        self.text = text
        fingerprint =
            text.utf8.withContiguousStorageIfAvailable { TextKey.fingerprint(UnsafeRawBufferPointer($0)) } ?? 0
    }

    static func == (left: TextKey, right: TextKey) -> Bool {
        guard left.fingerprint == right.fingerprint else { return false }
        return left.text.hasSameBytes(as: right.text)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

    /// Multiplies and folds eight bytes at a time.
    private static func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = UInt64(bytes.count) &+ 0x9E37_79B9_7F4A_7C15
        func mix(_ word: UInt64) {
            let product = (state ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
            state = product.high ^ product.low ^ word
        }
        var offset = 0
        while offset + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        mix(rest)
        return state
    }
}

extension String {
    /// Whether both texts are the same bytes.
    func hasSameBytes(as other: String) -> Bool {
        withBytes { left in other.withBytes { left.hasSameBytes(as: $0) } }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both buffers hold the same bytes.
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
        return memcmp(start, otherStart, count) == 0
    }
}
