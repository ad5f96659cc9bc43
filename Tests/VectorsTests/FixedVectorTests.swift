import CVectorKernels
import Hashing
import Testing

@testable import Vectors

@Suite struct FixedVectorTests {
    @Test func everyHalfFloatRoundsAsItsExactValueDoesOnEveryPath() throws {
        var bytes: [UInt8] = []
        var expected: [Int16] = []
        for bits in UInt16.min...UInt16.max {
            let value = Float16(bitPattern: bits)
            bytes += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
            let exact = (Double(value) * 16_384).rounded(.toNearestOrEven)
            expected.append(value.isNaN ? 0 : Int16(min(32_767, max(-32_767, exact))))
        }
        #expect(try FixedVector(halfFloats: bytes).components == expected)
        var portable = [Int16](repeating: 1, count: expected.count)
        vector_fixed_from_halves_portable(bytes, &portable, portable.count)
        #expect(portable == expected)
    }

    @Test func anyLengthOfHalfFloatsIsConverted() throws {
        var generator = SeededGenerator(seed: 17)
        for count in [1, 7, 15, 16, 17, 31, 32, 33, 384, 767] {
            let bytes = (0..<2 * count).map { _ in UInt8(generator.below(256)) }
            var portable = [Int16](repeating: 1, count: count)
            vector_fixed_from_halves_portable(bytes, &portable, count)
            #expect(try FixedVector(halfFloats: bytes).components == portable, "\(count) components")
        }
    }

    @Test func aUnitVectorHasProductOneWithItself() throws {
        var generator = SeededGenerator(seed: 5)
        let floats = (0..<384).map { _ in Float(generator.below(2_001) - 1_000) }
        let vector = try FixedVector(halfFloats: try HalfFloats.normalized(floats))
        let one = Double(vector.dot(vector)) / Double(FixedVector.oneProduct)
        #expect(abs(one - 1) < 1e-3)
    }

    @Test func everyPathGivesTheSameProductAsPlainArithmetic() {
        var generator = SeededGenerator(seed: 11)
        for count in [0, 1, 7, 15, 16, 17, 31, 32, 33, 384, 767, 1_024] {
            let left = (0..<count).map { _ in Int16(generator.below(65_535) - 32_767) }
            let right = (0..<count).map { _ in Int16(generator.below(65_535) - 32_767) }
            let expected = zip(left, right).reduce(Int64(0)) { $0 + Int64($1.0) * Int64($1.1) }
            #expect(vector_dot_int16(left, right, count) == expected, "\(count) components")
            #expect(vector_dot_int16_portable(left, right, count) == expected, "\(count) components")
        }
    }

    @Test func theLargestComponentsDoNotOverflow() {
        let extreme = [Int16](repeating: .max, count: 1_000)
        let vector = FixedVector(components: extreme)
        #expect(vector.dot(vector) == 1_000 * 32_767 * 32_767)
        #expect(FixedVector(components: [.min]).components == [-32_767])
    }

    @Test func hostileBytesAreRefused() {
        #expect(throws: VectorError.oddLength(bytes: 3)) { try FixedVector(halfFloats: [1, 2, 3]) }
        #expect(throws: VectorError.empty) { try FixedVector(halfFloats: []) }
        #expect(throws: VectorError.empty) { try HalfFloats.normalized([]) }
        #expect(throws: VectorError.zeroLength) { try HalfFloats.normalized([0, 0]) }
        #expect(throws: VectorError.notFinite) { try HalfFloats.normalized([1, .nan]) }
        #expect(HalfFloats.decoded([0]) == nil)
    }

    @Test func halfFloatsComeBackExactly() {
        let floats: [Float] = [0, 1, -0.5, 0.333_251_953_125, 65_504]
        #expect(HalfFloats.decoded(HalfFloats.encoded(floats)) == floats)
        #expect(HalfFloats.encoded([1, -2]) == [0x00, 0x3C, 0x00, 0xC0])
    }

    @Test func integerRootsAreExactOnBothSidesOfSquares() {
        for root in [UInt64(1), 2, 3, 10, 65_535, 65_536, 1 << 28, 4_294_967_295] {
            #expect(integerSquareRoot(root * root) == root)
            #expect(integerSquareRoot(root * root - 1) == root - 1)
        }
        #expect(integerSquareRoot(0) == 0)
        #expect(integerSquareRoot(.max) == 4_294_967_295)
    }

    @Test func singleFloatsRoundOnceAndAreCutToWhatFits() throws {
        let floats: [Float] = [0, 1, -1, 0.5, 1.5 / 16_384, 2.5 / 16_384, -2.5 / 16_384, 1e-9, 3, -3, .infinity, .nan]
        let vector = try FixedVector(singleFloats: SingleFloats.encoded(floats))
        #expect(vector.components == [0, 16_384, -16_384, 8_192, 2, 2, -2, 0, 32_767, -32_767, 32_767, 0])
        #expect(SingleFloats.decoded([1, 2, 3]) == nil)
        #expect(throws: VectorError.oddLength(bytes: 5)) { try FixedVector(singleFloats: [1, 2, 3, 4, 5]) }
        #expect(throws: VectorError.empty) { try FixedVector(singleFloats: []) }
    }

    @Test func bytesTellTheirFormatByTheirNumber() throws {
        let floats: [Float] = [0.6, 0.8]
        let half = try FixedVector(bytes: HalfFloats.encoded(floats), dimension: 2)
        let single = try FixedVector(bytes: SingleFloats.encoded(floats), dimension: 2)
        #expect(single.components == [9_830, 13_107])
        #expect(zip(half.components, single.components).allSatisfy { abs($0 - $1) <= 4 })
        #expect(throws: VectorError.dimension(found: 2, expected: 3)) {
            try FixedVector(bytes: HalfFloats.encoded(floats), dimension: 3)
        }
    }
}
