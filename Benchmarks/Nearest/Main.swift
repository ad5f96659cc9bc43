import Foundation
import Hashing
import Vectors

/// Times the exact search over random unit vectors; `Scripts/bench nearest` prints its lines beside those of FAISS.
@main
struct NearestBenchmark {
    private static let dimension = 768
    private static let wanted = 10
    private static let seconds = 2.0

    static func main() throws {
        var generator = SeededGenerator(seed: 1)
        for rows in [1_000, 10_000, 100_000] {
            var search = ExactSearch(dimension: dimension, capacity: rows)
            for _ in 0..<rows { try search.append(try vector(&generator)) }
            for batch in [1, 64] {
                let queries = try (0..<batch).map { _ in try vector(&generator) }
                print(rows, batch, best { search.nearest(to: queries, count: wanted).count == batch })
            }
        }
    }

    /// A random direction: the sum of twelve even draws is near enough to a normal one.
    private static func vector(_ generator: inout SeededGenerator) throws -> FixedVector {
        let floats = (0..<dimension).map { _ in
            (0..<12).reduce(Float(0)) { sum, _ in sum + Float(generator.below(1 << 20)) / Float(1 << 20) } - 6
        }
        return try FixedVector(halfFloats: try HalfFloats.normalized(floats))
    }

    /// The shortest of as many repetitions as fit into the time, in microseconds: what the machine's other work adds
    /// is no property of the search.
    private static func best(_ work: () -> Bool) -> Double {
        precondition(work(), "the search lost a query")
        var shortest = Double.infinity
        let end = ProcessInfo.processInfo.systemUptime + seconds
        while ProcessInfo.processInfo.systemUptime < end {
            let began = ProcessInfo.processInfo.systemUptime
            _ = work()
            shortest = min(shortest, ProcessInfo.processInfo.systemUptime - began)
        }
        return shortest * 1e6
    }
}
