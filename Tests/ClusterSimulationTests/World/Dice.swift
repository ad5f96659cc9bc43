import Hashing
import Support

/// Draws for the simulation itself: delays, losses, the times of faults.
struct Dice {
    private var generator: SeededGenerator

    /// Dice for one purpose, told apart by name.
    init(seed: UInt64, _ purpose: String) {
        generator = SeededGenerator(
            seed: HashBuilder.hash64(.namedDraw) {
                $0.append(seed)
                $0.append("cluster simulation: \(purpose)")
            })
    }

    /// True with a probability given in millionths.
    mutating func happens(_ millionths: Int) -> Bool {
        millionths > 0 && generator.below(1_000_000) < millionths
    }

    /// A time between two, in microseconds.
    mutating func span(_ range: ClosedRange<Int>) -> Span {
        Span(nanoseconds: UInt64(number(range)) * 1_000)
    }

    /// A whole number in a range.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + generator.below(range.upperBound - range.lowerBound + 1)
    }

    /// One of several.
    mutating func one<Element>(of elements: [Element]) -> Element { elements[generator.below(elements.count)] }
}
