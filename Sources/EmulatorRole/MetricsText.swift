import GPUEmulation

/// Prometheus' text form, family by family.
struct MetricsText {
    private(set) var text = ""
    /// What stands in braces behind every name; empty for nothing.
    var labels = ""

    enum Kind: String {
        case gauge
        case counter
    }

    mutating func append(_ kind: Kind, _ name: String, _ value: Double) {
        begin(name, kind.rawValue)
        append(name, labels: "", value)
    }

    mutating func append(_ kind: Kind, _ name: String, _ value: Int) { append(kind, name, Double(value)) }

    /// The head of a family whose values follow.
    mutating func begin(_ name: String, _ kind: String) { text += "# TYPE \(name) \(kind)\n" }

    /// One value of the family, with these labels behind the common ones.
    mutating func append(_ name: String, labels own: String, _ value: Double) {
        let all = labels.isEmpty || own.isEmpty ? labels + own : "\(labels),\(own)"
        text += all.isEmpty ? "\(name) \(value)\n" : "\(name){\(all)} \(value)\n"
    }

    mutating func append(_ name: String, _ histogram: GPUHistogram) {
        begin(name, "histogram")
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            append("\(name)_bucket", labels: "le=\"\(bound)\"", Double(count))
        }
        append("\(name)_bucket", labels: "le=\"+Inf\"", Double(histogram.count))
        append("\(name)_count", labels: "", Double(histogram.count))
        append("\(name)_sum", labels: "", histogram.sum)
    }

    /// A text as the value of a label.
    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
