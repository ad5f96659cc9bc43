import Foundation
import Hashing
import SimulationKit
import Testing
import Vectors

@Suite struct MemoryScoreTests {
    static func real(_ fixed: Int64) -> Double { Double(fixed) / Double(MemoryScore.one) }

    @Test func recencyIsTheHourlyPowerOfNinetyNineHundredths() {
        for seconds: Int64 in [1, 59, 3_600, 5_400, 86_400, 86_401, 604_800, 2_000_000, 8_388_607] {
            let expected = pow(0.99, Double(seconds) / 3_600)
            #expect(abs(Self.real(MemoryScore.recency(seconds: seconds)) - expected) < 1e-8, "\(seconds) s")
        }
        #expect(MemoryScore.recency(seconds: 0) == MemoryScore.one)
        #expect(MemoryScore.recency(seconds: -5) == MemoryScore.one)
        #expect(MemoryScore.recency(seconds: .max) == 0)
    }

    @Test func recencyNeverGrowsWithTime() {
        var last = Int64.max
        for seconds in stride(from: Int64(0), to: 9_000_000, by: 997) {
            let recency = MemoryScore.recency(seconds: seconds)
            #expect(recency <= last)
            last = recency
        }
    }

    @Test func relevanceIsOneMinusTheDistanceOverTheRootOfTwo() throws {
        var generator = SeededGenerator(seed: 21)
        func floats() -> [Float] { (0..<96).map { _ in Float(generator.below(2_001) - 1_000) } }
        for _ in 0..<50 {
            let left = try HalfFloats.normalized(floats())
            let right = try HalfFloats.normalized(floats())
            let pairs = zip(try #require(HalfFloats.decoded(left)), try #require(HalfFloats.decoded(right)))
            let square = pairs.reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
            let expected = 1 - square.squareRoot() / 2.0.squareRoot()
            let found = MemoryScore.relevance(
                try FixedVector(halfFloats: left), try FixedVector(halfFloats: right))
            #expect(abs(Self.real(found) - expected) < 5e-4)
        }
    }

    @Test func relevanceOfEqualVectorsIsOneAndOfCrossedOnesZero() {
        let east = FixedVector(components: [16_384, 0])
        let north = FixedVector(components: [0, 16_384])
        let west = FixedVector(components: [-16_384, 0])
        #expect(MemoryScore.relevance(east, east) == MemoryScore.one)
        #expect(MemoryScore.relevance(east, north) == 0)
        #expect(abs(Self.real(MemoryScore.relevance(east, west)) - (1 - 2.0.squareRoot())) < 1e-7)
    }

    @Test func aRatingOfTenAddsTheWholeWeight() {
        #expect(abs(Self.real(MemoryScore.importance(rating: 10, weight: 150_000)) - 0.15) < 1e-7)
        #expect(abs(Self.real(MemoryScore.importance(rating: 7, weight: 150_000)) - 0.105) < 1e-7)
    }
}
