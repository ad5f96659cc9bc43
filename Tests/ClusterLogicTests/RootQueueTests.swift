import Hashing
import Testing

@testable import ClusterLogic

@Suite struct RootQueueTests {
    private func drained(_ queue: inout RootQueue<String>, _ count: Int = .max) -> [String] {
        var found: [String] = []
        while found.count < count, let element = queue.popFirst() { found.append(element) }
        return found
    }

    @Test func partitionsTakeTurnsAndEachKeepsItsOrder() {
        var queue = RootQueue<String>()
        for element in ["a1", "a2", "a3", "a4"] { queue.append(element, partition: 1) }
        #expect(drained(&queue, 1) == ["a1"])
        for element in ["b1", "b2"] { queue.append(element, partition: 2) }
        #expect(drained(&queue) == ["a2", "b1", "a3", "b2", "a4"])
        #expect(queue.popFirst() == nil)
    }

    @Test func whatIsPutInFrontComesFirstOfItsPartition() {
        var queue = RootQueue<String>()
        for element in ["a1", "a2"] { queue.append(element, partition: 1) }
        queue.prepend("a0", partition: 1)
        queue.prepend("b0", partition: 2)
        #expect(drained(&queue, 2) == ["a0", "b0"])
        queue.prepend("a0", partition: 1)
        #expect(drained(&queue) == ["a0", "a1", "a2"])
        queue.append("a3", partition: 1)
        queue.removeAll()
        #expect(queue.popFirst() == nil)
    }

    @Test(arguments: UInt64(0)..<20) func nothingIsLostOrRepeated(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        var queue = RootQueue<Int>()
        var (put, got): ([Int], [Int]) = ([], [])
        for number in 0..<3000 {
            let partition = UInt32(draw.below(7))
            switch draw.below(4) {
            case 0: queue.prepend(number, partition: partition)
            case 1: queue.append(number, partition: partition)
            default:
                if let element = queue.popFirst() { got.append(element) }
                continue
            }
            put.append(number)
        }
        while let element = queue.popFirst() { got.append(element) }
        #expect(got.sorted() == put, "seed \(seed)")
    }
}
