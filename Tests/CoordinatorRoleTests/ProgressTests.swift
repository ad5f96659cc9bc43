import Support
import Testing
import Wire

@testable import CoordinatorRole

@Suite struct ProgressTests {
    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    private func progress(
        host: UInt32 = 0, round: UInt32 = 1, planned: UInt64 = 100, committed: UInt64 = 0, calls: UInt64 = 0
    ) -> HostProgress {
        HostProgress(
            host: host, round: round, planned: planned, committed: committed, failed: 0, calls: calls, waiting: 3,
            tokens: 10)
    }

    @Test func hostsAreAddedUp() {
        var board = ProgressBoard(rounds: 2, closedRound: 0, now: at(0))
        board.begin(round: 1, now: at(0))
        board.take(progress(host: 0, committed: 10, calls: 50), now: at(1))
        board.take(progress(host: 1, committed: 20, calls: 70), now: at(1))
        board.take(progress(host: 1, committed: 30, calls: 80), now: at(2))
        #expect(board.totals.planned == 200)
        #expect(board.totals.committed == 40)
        #expect(board.totals.calls == 130)
        #expect(board.line(now: at(2)).contains("round 1 of 2, 20 % (40 of 200 turns)"))
    }

    @Test func theTimeLeftFollowsFromTheShareThatIsDone() {
        var board = ProgressBoard(rounds: 3, closedRound: 0, now: at(0))
        board.begin(round: 1, now: at(0))
        #expect(board.secondsLeft(now: at(5)) == nil)
        board.take(progress(committed: 25), now: at(5))
        // A quarter took 5 s: 15 s are left of this round, and two rounds of 20 s follow.
        #expect(board.secondsLeft(now: at(5)) == 55)
    }

    @Test func theRateIsThatOfTheLastSeconds() {
        var board = ProgressBoard(rounds: 1, closedRound: 0, now: at(0))
        board.begin(round: 1, now: at(0))
        for second in 0...30 {
            board.take(progress(calls: second < 15 ? 0 : UInt64(second) * 10), now: at(Double(second)))
        }
        #expect(board.callsPerSecond == 10)
    }

    @Test func numbersOfAnEarlierRoundDoNotCount() {
        var board = ProgressBoard(rounds: 2, closedRound: 0, now: at(0))
        board.begin(round: 2, now: at(0))
        board.take(progress(round: 1, committed: 100, calls: 7), now: at(1))
        #expect(board.totals.planned == 0)
        #expect(board.totals.calls == 7)
    }

    @Test func hostileNumbersDoNotTrap() {
        var board = ProgressBoard(rounds: .max, closedRound: 0, now: at(0))
        board.begin(round: .max, now: at(0))
        for host in 0..<3 as Range<UInt32> {
            board.take(
                HostProgress(
                    host: host, round: .max, planned: .max, committed: .max, failed: .max, calls: .max, waiting: .max,
                    tokens: .max), now: at(1))
        }
        #expect(!board.line(now: at(2)).isEmpty)
    }

    @Test func aTerminalShowsOneLineAtMostFourTimesASecond() {
        let text = Guarded("")
        var printer = ProgressPrinter(style: .terminal(columns: 40)) { part in text.withLock { $0 += part } }
        for step in 0..<100 { printer.update(now: at(Double(step) * 0.01)) { "step \(step)" } }
        printer.close()
        let written = text.withLock { $0 }
        #expect(written.split(separator: "\r").count == 4)
        #expect(written.filter { $0 == "\n" }.count == 1)
    }

    @Test func elsewhereALineComesEveryTenSeconds() {
        let text = Guarded("")
        var printer = ProgressPrinter(style: .lines) { part in text.withLock { $0 += part } }
        for second in 0..<30 { printer.update(now: at(Double(second))) { "second \(second)" } }
        #expect(text.withLock { $0 } == "second 0\nsecond 10\nsecond 20\n")
    }
}
