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
struct TextKey: Hashable {
    let text: String

    static func == (left: TextKey, right: TextKey) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    func hash(into hasher: inout Hasher) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if done == nil { for byte in text.utf8 { hasher.combine(byte) } }
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
