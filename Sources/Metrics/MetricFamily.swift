/// A metric as Prometheus knows it: one name, one kind, and the labels that its samples have.
public struct MetricFamily: Sendable, Hashable {
    /// What may happen to its value.
    public enum Kind: String, Sendable {
        /// Only grows, and begins again at zero with the process.
        case counter
        /// Goes up and down.
        case gauge
        /// How often which amount was seen.
        case histogram
    }

    /// Its name: in base units, with `_total` at the end of a counter's.
    public let name: String
    /// Its kind.
    public let kind: Kind
    /// What it says, as one line.
    public let help: String
    /// Names of its labels. Their values come from closed sets: never an agent, a text of a run, or a prompt.
    public let labels: [String]

    /// A metric. The name begins with `gensim_`, but for those of the process, which have the names that every
    /// Prometheus client gives them.
    public init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = []) {
        precondition(Self.isName(name) && labels.allSatisfy(Self.isName), "\(name) is no name of a metric")
        precondition(
            name.hasPrefix("gensim_") || name.hasPrefix("process_"), "\(name) does not say whose metric it is")
        precondition((kind == .counter) == name.hasSuffix("_total"), "counters, and only they, end in _total: \(name)")
        precondition(
            !labels.contains("le") && Set(labels).count == labels.count, "labels of \(name) cannot be told apart")
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
        }
    }
}
