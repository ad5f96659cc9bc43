import Hashing
import Testing

@testable import EmbeddingGatewayRole

@Suite struct VectorCacheTests {
    private func key(_ number: Int) -> Digest128 { Digest128(high: 0, low: UInt64(number)) }

    @Test func whatWasNotUsedForLongestGoesFirst() {
        var cache = VectorCache(limit: 3 * 124)
        for number in 1...3 { cache.keep(key(number), [1, 2, 3, UInt8(number)]) }
        let used = cache.vector(key(1))
        #expect(used == [1, 2, 3, 1])
        cache.keep(key(4), [0, 0, 0, 0])
        let found = (1...4).map { cache.vector(key($0)) != nil }
        #expect(found == [true, false, true, true])
        #expect(cache.bytes == 3 * 124)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func itBehavesLikeAListOrderedByUse(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var cache = VectorCache(limit: 10 * 122)
        var model: [Int] = []
        for _ in 0..<2_000 {
            let number = generator.below(20)
            if let place = model.firstIndex(of: number) {
                let vector = cache.vector(key(number))
                #expect(vector == [UInt8(number), 0])
                model.append(model.remove(at: place))
            } else {
                let vector = cache.vector(key(number))
                #expect(vector == nil)
                cache.keep(key(number), [UInt8(number), 0])
                model.append(number)
                if model.count > 10 { model.removeFirst() }
            }
            #expect(cache.count == model.count)
        }
    }

    @Test func withoutRoomNothingIsKept() {
        var cache = VectorCache(limit: 0)
        cache.keep(key(1), [1])
        #expect(cache.count == 0)
        #expect(cache.bytes == 0)
    }
}
