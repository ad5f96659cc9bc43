import Hashing
import Model

/// Lists of whole numbers in the environment's fields.
enum WorldNumbers {
    static func value(_ numbers: [Int64]) -> Value { .list(numbers.map(Value.int)) }

    /// As many numbers as asked for, whatever an intervention has made of the field: 0 for what is missing, and none
    /// beyond `limit`, so that sums of them stay whole numbers.
    static func numbers(_ value: Value?, _ count: Int, limit: Int64) -> [Int64] {
        var numbers = (value?.list ?? []).prefix(count).map { min(limit, max(-limit, $0.int ?? 0)) }
        numbers += Array(repeating: 0, count: count - numbers.count)
        return numbers
    }

    /// A mark of the content, by which a round's numbers are told from another's.
    static func mark(_ numbers: [Int64]) -> String {
        "\(HashBuilder.hash128(.content) { for number in numbers { $0.append(UInt64(bitPattern: number)) } })"
    }
}
