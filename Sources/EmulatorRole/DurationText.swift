import Support

/// Lengths of time as people write them on a command line.
enum DurationText {
    /// Reads `250us`, `20ms`, `1.5s` or `0`; nil for anything else, negative numbers and more than an hour.
    static func read(_ text: String) -> Span? {
        if text == "0" { return Span(nanoseconds: 0) }
        for (unit, seconds) in [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)] where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number >= 0, number * seconds <= 3_600 else {
                return nil
            }
            return Span.seconds(number * seconds)
        }
        return nil
    }
}
