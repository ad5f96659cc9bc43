import Vectors

/// The parts of an entry's score, in fixed point with 28 fractional bits ("Q28"): integers from end to end, so that a
/// ranking is the same on every machine.
///
/// Score = 0.99^(simulated hours) + relevance + importance, after Park et al., Generative Agents (2023), in GenSim's
/// form.
public enum MemoryScore {
    /// One, in Q28.
    public static let one: Int64 = 1 << 28

    /// 0.99^(2^k / 3600) in units of 2^-62, for k from 0: what 2^k seconds leave of a memory.
    private static let decay: [UInt64] = [
        4_611_673_143_724_988_315, 4_611_660_269_058_531_754, 4_611_634_519_833_447_317, 4_611_583_021_814_590_370,
        4_611_480_027_502_101_705, 4_611_274_045_777_845_482, 4_610_862_109_930_779_052, 4_610_038_348_630_923_854,
        4_608_391_267_516_288_387, 4_605_098_870_491_277_995, 4_598_521_131_373_929_558, 4_585_393_825_857_990_849,
        4_559_251_530_611_903_326, 4_507_413_218_577_138_910, 4_405_498_085_043_539_501, 4_208_528_789_637_911_404,
        3_840_615_883_743_738_159, 3_198_468_045_639_985_786, 2_218_320_544_395_740_956, 1_067_060_076_949_099_867,
        246_898_250_069_265_146, 13_218_320_944_592_988, 37_887_229_940_656,
    ]

    /// How fresh an entry is after `seconds` of simulated time: 0.99^hours. Entries from the future are fresh.
    public static func recency(seconds: Int64) -> Int64 {
        guard seconds > 0 else { return one }
        // From here on less than half a unit is left.
        guard seconds < 1 << 23 else { return 0 }
        var left: UInt64 = 1 << 62
        for (bit, factor) in decay.enumerated() where seconds >> Int64(bit) & 1 == 1 {
            let product = left.multipliedFullWidth(by: factor)
            left = product.high << 2 | product.low >> 62
        }
        return Int64((left + 1 << 33) >> 34)
    }

    /// How near an entry is to what is on the agent's mind: 1 - d/sqrt(2), with d the Euclidean distance of the
    /// vectors. 1 for equal ones, 0 for those at a right angle, less beyond.
    public static func relevance(_ left: FixedVector, _ right: FixedVector) -> Int64 {
        // d^2 / 2 with the vectors' own lengths, which rounding left near 1: equal vectors are at distance 0.
        let halfSquare = max(0, left.dot(left) + right.dot(right) - 2 * left.dot(right)) / 2
        // The root of a Q56 number is a Q28 one. Beyond any distance that unit vectors can have, only order counts.
        return one - Int64(integerSquareRoot(UInt64(min(halfSquare, 1 << 34)) << 28))
    }

    /// How much an entry matters: a tenth of its rating, times the weight.
    public static func importance(rating: UInt8, weight: Int64) -> Int64 {
        Int64(rating) * weight * one / (10 * MemorySettings.million)
    }
}
