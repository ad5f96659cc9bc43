/// What a process exposes at one moment, in the text format 0.0.4 of Prometheus.
///
/// The families are fixed when the page begins, so that each is there with its meaning even while it has no sample.
public struct MetricsPage: Sendable {
    /// The media type of the text.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private let families: [MetricFamily]
    private var places: [String: Int] = [:]
    private var samples: [[UInt8]]

    /// An empty page of these families, in the order given.
    public init(_ families: [MetricFamily]) {
        self.families = families
        samples = Array(repeating: [], count: families.count)
        for (place, family) in families.enumerated() {
            precondition(places.updateValue(place, forKey: family.name) == nil, "\(family.name) is there twice")
        }
    }

    /// Adds a sample. `labels` gives the values of the family's labels, in their order.
    public mutating func add(_ family: MetricFamily, _ value: Double, _ labels: String...) {
        precondition(family.kind != .histogram, "\(family.name) is a histogram")
        let place = place(of: family, labels)
        append(family.name, Self.pairs(family, labels), value, at: place)
    }

    /// Adds a sample that is a count.
    public mutating func add(_ family: MetricFamily, _ value: some BinaryInteger, _ labels: String...) {
        precondition(family.kind != .histogram, "\(family.name) is a histogram")
        let place = place(of: family, labels)
        append(family.name, Self.pairs(family, labels), Double(value), at: place)
    }

    /// Adds a sample for each of the names, 1 for the present one and 0 for the others.
    public mutating func add(_ family: MetricFamily, present: String, of names: [String], _ labels: String...) {
        let place = place(of: family, labels + [present])
        for name in names {
            append(family.name, Self.pairs(family, labels + [name]), name == present ? 1 : 0, at: place)
        }
    }

    /// Adds a histogram.
    public mutating func add(_ family: MetricFamily, _ histogram: MetricHistogram, _ labels: String...) {
        precondition(family.kind == .histogram, "\(family.name) is no histogram")
        let place = place(of: family, labels)
        let pairs = Self.pairs(family, labels)
        var below: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            below += count
            append("\(family.name)_bucket", pairs + ["le=\"\(Self.text(bound))\""], Double(below), at: place)
        }
        append("\(family.name)_bucket", pairs + ["le=\"+Inf\""], Double(histogram.count), at: place)
        append("\(family.name)_sum", pairs, histogram.sum, at: place)
        append("\(family.name)_count", pairs, Double(histogram.count), at: place)
    }

    /// The text.
    public var bytes: [UInt8] {
        var text: [UInt8] = []
        for (family, samples) in zip(families, samples) {
            text +=
                "# HELP \(family.name) \(Self.escaped(family.help))\n# TYPE \(family.name) \(family.kind.rawValue)\n"
                .utf8
            text += samples
        }
        return text
    }

    private func place(of family: MetricFamily, _ labels: [String]) -> Int {
        guard let place = places[family.name] else { preconditionFailure("\(family.name) is not of this page") }
        precondition(labels.count == family.labels.count, "\(family.name) has the labels \(family.labels)")
        return place
    }

    private mutating func append(_ name: String, _ pairs: [String], _ value: Double, at place: Int) {
        let labels = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
        samples[place] += "\(name)\(labels) \(Self.text(value))\n".utf8
    }

    private static func pairs(_ family: MetricFamily, _ values: [String]) -> [String] {
        zip(family.labels, values).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
    }

    /// Escapes what would end a line or, in a label, its quotes.
    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A number as the format wants it; whole ones without a point.
    private static func text(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 9e15 ? String(Int64(value)) : "\(value)"
    }
}
