import Support

/// How often which length of time was seen, recent ones counting more: four buckets for each factor of two.
struct TimeHistogram: Sendable {
    /// Sightings after which all are halved, so that old ones fade.
    private static let fullCount: UInt32 = 2_048

    private var counts = [UInt32](repeating: 0, count: 256)
    /// Sightings that count now.
    private(set) var total: UInt32 = 0

    /// Notes one length.
    mutating func record(_ span: Span) {
        counts[Self.bucket(span)] += 1
        total += 1
        guard total >= Self.fullCount else { return }
        total = 0
        for index in counts.indices {
            counts[index] /= 2
            total += counts[index]
        }
    }

    /// The shortest bucket's end that at least `hundredths` per cent of the sightings do not pass; nil without any.
    func quantile(_ hundredths: Int) -> Span? {
        guard total > 0 else { return nil }
        let wanted = (UInt64(total) * UInt64(hundredths) + 99) / 100
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() where count > 0 {
            seen += UInt64(count)
            if seen >= wanted { return Self.end(of: index) }
        }
        return Self.end(of: counts.count - 1)
    }

    private static func bucket(_ span: Span) -> Int {
        let value = max(span.nanoseconds, 4)
        let exponent = 63 - value.leadingZeroBitCount
        return exponent * 4 + Int((value >> UInt64(exponent - 2)) & 3)
    }

    private static func end(of bucket: Int) -> Span {
        let exponent = UInt64(bucket / 4)
        guard exponent >= 2, exponent < 62 else { return Span(nanoseconds: 1 << 62) }
        return Span(nanoseconds: (5 + UInt64(bucket % 4)) << (exponent - 2))
    }
}
