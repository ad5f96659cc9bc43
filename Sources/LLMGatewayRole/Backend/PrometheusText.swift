/// Samples in the text form of Prometheus, read without copying. What is no sample is passed over: a server's other
/// lines are none of our business.
struct PrometheusText {
    /// One line: `name{label="value"} number`.
    struct Sample {
        /// The metric's name.
        let name: String
        /// What stands between the braces, without them; empty where there are none.
        let labels: ArraySlice<UInt8>
        /// The number; never NaN or infinite.
        let value: Double

        /// The value of a label; nil where it is not there. Escapes are left as they are.
        func label(_ wanted: String) -> String? {
            var rest = labels
            while !rest.isEmpty {
                let name = rest.prefix { $0 != UInt8(ascii: "=") }
                rest = rest[name.endIndex...].dropFirst()
                guard rest.first == UInt8(ascii: "\"") else { return nil }
                rest = rest.dropFirst()
                guard let end = PrometheusText.endOfString(rest) else { return nil }
                let trimmed = name.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") }
                if trimmed.elementsEqual(wanted.utf8) { return String(decoding: rest[..<end], as: UTF8.self) }
                rest = rest[end...].dropFirst()
            }
            return nil
        }
    }

    /// Longest line that is read.
    private static let longestLine = 4_096

    private let body: [UInt8]

    init(_ body: [UInt8]) { self.body = body }

    /// Calls `visit` for each sample whose name begins with one of `prefixes`.
    func forEach(prefixes: [String], _ visit: (Sample) -> Void) {
        for line in body.split(separator: UInt8(ascii: "\n"))
        where line.count <= Self.longestLine && prefixes.contains(where: { line.starts(with: $0.utf8) }) {
            if let sample = Self.sample(line) { visit(sample) }
        }
    }

    private static func sample(_ line: ArraySlice<UInt8>) -> Sample? {
        let name = line.prefix { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        var rest = line[name.endIndex...]
        var labels = rest.prefix(0)
        if rest.first == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            guard let end = endOfLabels(rest) else { return nil }
            labels = rest[..<end]
            rest = rest[end...].dropFirst()
        }
        // A time stamp may follow the number.
        let number = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") }
        guard let value = Double(String(decoding: number, as: UTF8.self)), value.isFinite else { return nil }
        return Sample(name: String(decoding: name, as: UTF8.self), labels: labels, value: value)
    }

    /// Index of the closing brace: one outside of quotes.
    private static func endOfLabels(_ bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let index = rest.firstIndex(where: { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "\"") }) {
            if rest[index] == UInt8(ascii: "}") { return index }
            guard let end = endOfString(rest[(index + 1)...]) else { return nil }
            rest = rest[(end + 1)...]
        }
        return nil
    }

    /// Index of the quote that ends a string whose beginning was read.
    private static func endOfString(_ bytes: ArraySlice<UInt8>) -> Int? {
        var isEscaped = false
        for index in bytes.indices {
            if isEscaped {
                isEscaped = false
            } else if bytes[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index
            }
        }
        return nil
    }
}
