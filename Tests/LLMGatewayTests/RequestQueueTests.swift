import Testing

@testable import LLMGatewayRole

@Suite struct RequestQueueTests {
    @Test func lanesAreServedInTheirOrderAndEachInOrderOfArrival() {
        var queue = RequestQueue(limit: 100)
        for (call, lane) in [(1, .opening), (2, .continuing), (3, .returning), (4, .opening), (5, .continuing)]
            as [(UInt64, RequestQueue.Lane)]
        {
            queue.append(call, to: lane)
        }
        var served: [UInt64] = []
        while let call = queue.popFirst() { served.append(call) }
        #expect(served == [3, 2, 5, 1, 4])
    }

    @Test func whatDoesNotFitIsRefusedAndNothingChanges() {
        var queue = RequestQueue(limit: 100)
        let taken = [60, 41, 40].map { queue.reserve($0) }
        #expect(taken == [true, false, true])
        #expect(queue.bytes == 100)
        queue.release(100)
        #expect(queue.bytes == 0)
    }

    @Test func aCallLargerThanTheQueueFitsWhenNothingElseWaits() {
        var queue = RequestQueue(limit: 100)
        let taken = [500, 1].map { queue.reserve($0) }
        #expect(taken == [true, false])
    }

    @Test func aLongQueueKeepsItsOrderWhileItIsCompacted() {
        var queue = FirstInFirstOut<Int>()
        var taken: [Int] = []
        for number in 0..<1000 {
            queue.append(number)
            if number % 3 != 0, let next = queue.popFirst() { taken.append(next) }
        }
        while let next = queue.popFirst() { taken.append(next) }
        #expect(taken == Array(0..<1000))
        #expect(queue.isEmpty)
    }
}
