/// A strict reader of Prometheus's text format 0.0.4, as far as GenSim writes it: every sample below the HELP and TYPE
/// of its family, and nothing else.
public struct ExpositionText: Sendable {
    /// A sample.
    public struct Sample: Sendable, Equatable {
        /// Its name, with the ending of a histogram's part.
        public var name: String
        /// Its labels.
        public var labels: [String: String]
        /// Its value.
        public var value: Double
    }

    /// A family.
    public struct Family: Sendable, Equatable {
        /// Its meaning.
        public var help: String
        /// Its kind.
        public var kind: String
        /// Its samples.
        public var samples: [Sample] = []
    }

    /// Why a text is not in the format.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        /// The line, from 1.
        public var line: Int
        /// What is wrong.
        public var what: String
        public var description: String { "line \(line): \(what)" }
    }

    /// The families by name.
    public private(set) var families: [String: Family] = [:]

    /// Reads a whole text.
    public init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Fault(line: 0, what: "the last line does not end") }
        var name: String?
        var seen: Set<String> = []
        for (index, line) in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func fault(_ what: String) -> Fault { Fault(line: index + 1, what: what) }
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, !words[3].isEmpty, families[words[2]] == nil else { throw fault("bad HELP") }
                families[words[2]] = Family(help: words[3], kind: "")
                name = words[2]
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, words[2] == name, families[words[2]]?.kind == "",
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw fault("bad TYPE") }
                families[words[2]]?.kind = words[3]
            } else {
                guard let name, let family = families[name], !family.kind.isEmpty else { throw fault("no family") }
                let sample = try Self.sample(line, fault)
                let endings = family.kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard endings.contains(where: { name + $0 == sample.name }) else { throw fault("of another family") }
                guard seen.insert("\(sample.name) \(sample.labels.sorted { $0.key < $1.key })").inserted else {
                    throw fault("the sample is there twice")
                }
                families[name]?.samples.append(sample)
            }
        }
    }

    /// The value of the one sample with this name and these labels; nil where there is none.
    public func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in families.values {
            if let found = family.samples.first(where: { $0.name == name && $0.labels == labels }) {
                return found.value
            }
        }
        return nil
    }

    /// Whether the buckets of a histogram rise, end at +Inf, and agree with its count.
    public func isWhole(histogram name: String) -> Bool {
        guard let family = families[name], family.kind == "histogram" else { return false }
        let groups = Dictionary(grouping: family.samples) { $0.labels.filter { $0.key != "le" } }
        return groups.allSatisfy { labels, samples in
            let buckets = samples.filter { $0.name == "\(name)_bucket" }
            let ends = buckets.compactMap { $0.labels["le"].flatMap(Self.number) }
            let total = samples.first { $0.name == "\(name)_count" }?.value
            return ends.count == buckets.count && ends.last == .infinity
                && zip(ends, ends.dropFirst()).allSatisfy { $0 < $1 }
                && zip(buckets, buckets.dropFirst()).allSatisfy { $0.value <= $1.value }
                && buckets.last?.value == total && samples.contains { $0.name == "\(name)_sum" }
        }
    }

    private static func sample(_ line: Substring, _ fault: (String) -> Fault) throws -> Sample {
        var rest = line
        func take(while isTaken: (Character) -> Bool) -> String {
            let taken = rest.prefix(while: isTaken)
            rest = rest[taken.endIndex...]
            return String(taken)
        }
        func expect(_ character: Character) throws {
            guard rest.popFirst() == character else { throw fault("expected \(character)") }
        }
        let isName: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let name = take(while: isName)
        guard let first = name.first, !first.isNumber else { throw fault("no name") }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest.removeFirst()
                let label = take(while: isName)
                try expect("=")
                try expect("\"")
                var value = ""
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    switch rest.popFirst() {
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    case "n": value.append("\n")
                    default: throw fault("unknown escape")
                    }
                }
                guard !label.isEmpty, labels.updateValue(value, forKey: label) == nil else { throw fault("bad label") }
            } while rest.first == ","
            try expect("}")
        }
        try expect(" ")
        guard let value = number(String(rest)) else { throw fault("no number: \(rest)") }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.allSatisfy { "0123456789.e-+".contains($0) } ? Double(text) : nil
        }
    }
}
