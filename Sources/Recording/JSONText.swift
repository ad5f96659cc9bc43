import Foundation
import Model

/// Values as JSON text, for columns that a researcher reads.
enum JSONText {
    /// A value; map keys in the order of their bytes. A number that JSON cannot hold becomes null.
    static func of(_ value: Value) -> String {
        var text = ""
        append(value, to: &text)
        return text
    }

    /// The strings of a JSON array of strings.
    static func strings(_ text: String) throws -> [String] {
        guard let strings = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
            throw StorageFailure.damaged("a list of options is no JSON array of texts")
        }
        return strings
    }

    /// The numbers of a JSON array of whole numbers, as this module writes it.
    static func numbers(_ text: String) -> [Int64] {
        text.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: ",")).compactMap { Int64(Substring($0)) }
    }

    /// Numbers as a JSON array.
    static func of(numbers: [Int64]) -> String {
        // One for each call recorded: digits are written from the end, without a string for each number.
        String(unsafeUninitializedCapacity: numbers.count * 21 + 2) { buffer in
            var end = buffer.count
            func put(_ byte: UInt8) {
                end -= 1
                buffer[end] = byte
            }
            put(UInt8(ascii: "]"))
            for (index, number) in numbers.enumerated().reversed() {
                var rest = number.magnitude
                repeat {
                    put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                    rest /= 10
                } while rest > 0
                if number < 0 { put(UInt8(ascii: "-")) }
                if index > 0 { put(UInt8(ascii: ",")) }
            }
            put(UInt8(ascii: "["))
            let count = buffer.count - end
            for index in 0..<count { buffer[index] = buffer[end + index] }
            return count
        }
    }

    private static func append(_ value: Value, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .double(let value): text += value.isFinite ? "\(value)" : "null"
        case .text(let value): appendQuoted(value, to: &text)
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                append(value, to: &text)
            }
            text += "]"
        case .map(let values):
            text += "{"
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, entry) in sorted.enumerated() {
                if index > 0 { text += "," }
                appendQuoted(entry.key, to: &text)
                text += ":"
                append(entry.value, to: &text)
            }
            text += "}"
        }
    }

    /// A string in quotation marks, with what JSON forbids escaped.
    static func appendQuoted(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
