import Hashing
import Testing

@testable import EmulatorRole

@Suite struct SlotQueueTests {
    @Test func requestsWaitInOrderWhenAllSlotsAreTaken() {
        var queue = SlotQueue(slots: 2)
        let tickets = (0..<5).map { _ in queue.enter() }
        #expect(tickets.map(\.served) == [true, true, false, false, false])
        #expect(queue.leave(tickets[1].ticket) == tickets[2].ticket)
        #expect(queue.leave(tickets[0].ticket) == tickets[3].ticket)
        #expect(queue.runningCount == 2)
        #expect(queue.waitingCount == 1)
        #expect(queue.peak == 5)
        #expect(queue.peakRunning == 2)
    }

    @Test func whoGivesUpWaitingIsPassedOver() {
        var queue = SlotQueue(slots: 1)
        let tickets = (0..<4).map { _ in queue.enter().ticket }
        #expect(queue.leave(tickets[1]) == nil)
        #expect(queue.leave(tickets[0]) == tickets[2])
        #expect(queue.leave(tickets[0]) == nil)
        #expect(queue.leave(tickets[2]) == tickets[3])
        #expect(queue.leave(tickets[3]) == nil)
        #expect(queue.runningCount == 0)
    }

    @Test func withoutLimitAllAreServed() {
        var queue = SlotQueue(slots: 0)
        #expect((0..<100).allSatisfy { _ in queue.enter().served })
    }

    @Test(arguments: [1, 2] as [UInt64])
    func itBehavesAsAPlainListDoes(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = SlotQueue(slots: 3)
        var running: [UInt64] = []
        var waiting: [UInt64] = []
        for _ in 0..<20_000 {
            if running.isEmpty || generator.below(100) < 49 {
                let (ticket, served) = queue.enter()
                #expect(served == (running.count < 3), "seed \(seed)")
                if served { running.append(ticket) } else { waiting.append(ticket) }
            } else if !waiting.isEmpty, generator.below(3) == 0 {
                let ticket = waiting.remove(at: generator.below(waiting.count))
                #expect(queue.leave(ticket) == nil, "seed \(seed)")
            } else {
                let ticket = running.remove(at: generator.below(running.count))
                let expected = waiting.first
                #expect(queue.leave(ticket) == expected, "seed \(seed)")
                if expected != nil { running.append(waiting.removeFirst()) }
            }
        }
        #expect(queue.runningCount == running.count)
        #expect(queue.waitingCount == waiting.count)
    }
}
