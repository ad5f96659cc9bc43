import Hashing
import Support
import Testing

@testable import Curl

@Suite struct TimerHeapTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func timersFireInOrderOfTimeAndThenOfScheduling(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var heap = TimerHeap()
        var fired: [[UInt64]] = []
        var expected: [[UInt64]] = []
        for number in 0..<500 as Range<UInt64> {
            let due = UInt64(generator.below(50))
            expected.append([due, number])
            _ = heap.schedule(at: Instant(nanoseconds: due)) { fired.append([due, number]) }
        }
        while let work = heap.popDue(at: Instant(nanoseconds: 50)) { work() }
        #expect(fired == expected.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(heap.nextDue == nil)
    }

    @Test func aTimerIsNotTakenBeforeItIsDue() {
        var heap = TimerHeap()
        _ = heap.schedule(at: Instant(nanoseconds: 10)) {}
        #expect(heap.popDue(at: Instant(nanoseconds: 9)) == nil)
        #expect(heap.nextDue == Instant(nanoseconds: 10))
        #expect(heap.popDue(at: Instant(nanoseconds: 10)) != nil)
    }

    @Test func aCancelledTimerNeverFiresAndSetsNoTimeout() {
        var heap = TimerHeap()
        let first = heap.schedule(at: Instant(nanoseconds: 1)) { Issue.record("fired") }
        _ = heap.schedule(at: Instant(nanoseconds: 5)) {}
        heap.cancel(first)
        #expect(heap.nextDue == Instant(nanoseconds: 5))
    }
}
