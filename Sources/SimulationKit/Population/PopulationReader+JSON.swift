import JSON
import Model
import Support

extension PopulationReader {
    /// The elements of a JSON array.
    func elements(in bytes: [UInt8]) throws(UserError) -> [JSONValue] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: JSONLimits(maximumBytes: Self.maxBytes))
        } catch {
            throw broken(bytes, reason: error)
        }
        guard let elements = value.arrayValue else {
            throw error("the file holds no JSON array", advice: "write [record, record, ...]")
        }
        return elements
    }

    /// The values of a file with one a line; empty lines do not count.
    func lines(in bytes: [UInt8]) throws(UserError) -> [JSONValue] {
        guard bytes.count <= Self.maxBytes else {
            throw error("the file is larger than \(Self.maxBytes >> 20) MiB", advice: "split the population")
        }
        var values: [JSONValue] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.contains(where: { $0 > 32 }) else { continue }
            do {
                values.append(try JSONValue(parsing: Array(line)))
            } catch {
                throw self.error(
                    error.description, record: values.count + 1, advice: "write one JSON object in each line")
            }
        }
        return values
    }

    /// Finds the record that makes a file no JSON: the first element that cannot be parsed by itself.
    private func broken(_ bytes: [UInt8], reason: JSONError) -> UserError {
        var depth = 0
        var inString = false
        var escaped = false
        var number = 1
        var start: Int?
        for (offset, byte) in bytes.enumerated() {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            if depth == 1, start == nil {
                start = offset + 1
            } else if let first = start, depth == 0 || (depth == 1 && byte == UInt8(ascii: ",")) {
                if (try? JSONValue(parsing: Array(bytes[first..<offset]))) == nil { break }
                number += 1
                start = offset + 1
            }
        }
        let line = bytes.prefix(start ?? 0).count { $0 == UInt8(ascii: "\n") } + 1
        return error(
            "\(reason.description) (the record starts near line \(line))", record: number,
            advice: "check quotes, commas and brackets there")
    }
}
