import Support
import Testing

@testable import GatewayLogic

@Suite struct WindowControllerTests {
    /// Lets a server that works on `parallel` requests at once be read again and again, with as much in flight as
    /// the window allows.
    private func settle(_ window: inout WindowController, parallel: Int, readings: Int = 100) {
        for _ in 0..<readings {
            window.dispatched(inFlight: window.window)
            window.read(
                LoadReading(
                    running: min(window.window, parallel), waiting: max(0, window.window - parallel), kvUsage: 0.5))
        }
    }

    @Test(arguments: [20, 33, 40, 50, 60])
    func theWindowSettlesWhereAFewWaitInsideTheServer(parallel: Int) {
        var window = WindowController(fixed: 0)
        settle(&window, parallel: parallel)
        #expect((parallel...parallel + 4).contains(window.window), "\(window.window)")
        for _ in 0..<50 {
            settle(&window, parallel: parallel, readings: 1)
            #expect((parallel - 1...parallel + 8).contains(window.window), "\(window.window)")
        }
    }

    @Test func theWindowNeverLeavesItsBoundsWhateverTheServerTells() {
        var large = WindowController(fixed: 0)
        settle(&large, parallel: 10_000)
        #expect(large.window == 128)
        var small = WindowController(fixed: 0)
        settle(&small, parallel: 1)
        #expect(small.window == 16)
        var odd = WindowController(fixed: 0)
        odd.read(LoadReading(running: .max, waiting: .max, kvUsage: 1, preemptions: .max))
        odd.read(LoadReading(running: .min, waiting: .min, kvUsage: -1, preemptions: .min))
        #expect((4...128).contains(odd.window))
    }

    @Test func aWindowThatIsNotUsedDoesNotGrow() {
        var window = WindowController(fixed: 0)
        for _ in 0..<100 {
            window.dispatched(inFlight: 5)
            window.read(LoadReading(running: 5, waiting: 0))
        }
        #expect(window.window == WindowController.start)
    }

    @Test func aServersSlotsAreItsWindow() {
        var window = WindowController(fixed: 0)
        window.told(slots: 4)
        #expect(window.window == 4)
        settle(&window, parallel: 4)
        #expect(window.window == 4)
        window.told(slots: 2_048)
        #expect(window.window == 128)
    }

    @Test func aFixedWindowStaysWhatItIs() {
        var window = WindowController(fixed: 200)
        settle(&window, parallel: 3)
        window.told(slots: 4)
        window.refused(inFlight: 1)
        #expect(window.window == 200)
    }

    @Test func aShortCacheClosesTheServerToNewGroupsUntilItHasBeenCalmTwice() {
        var window = WindowController(fixed: 0)
        window.read(LoadReading(running: 30, waiting: 2, kvUsage: 0.95))
        #expect(!window.opensGroups)
        #expect(window.window < WindowController.start)
        window.read(LoadReading(running: 20, waiting: 2, kvUsage: 0.87))
        window.read(LoadReading(running: 20, waiting: 2, kvUsage: 0.5))
        #expect(!window.opensGroups)
        window.read(LoadReading(running: 20, waiting: 2, kvUsage: 0.5))
        #expect(window.opensGroups)
    }

    @Test func risingPreemptionsArePressureAndOldOnesAreNot() {
        var window = WindowController(fixed: 0)
        window.read(LoadReading(running: 30, waiting: 2, preemptions: 1_000))
        #expect(window.opensGroups)
        window.read(LoadReading(running: 30, waiting: 2, preemptions: 1_003))
        #expect(!window.opensGroups)
        // The server was started anew: its count begins at 0.
        var anew = WindowController(fixed: 0)
        anew.read(LoadReading(running: 30, waiting: 2, preemptions: 1_000))
        anew.read(LoadReading(running: 30, waiting: 2, preemptions: 0))
        #expect(anew.opensGroups)
    }

    @Test func aServerThatComesBackBeginsWithOneAndDoubles() {
        var window = WindowController(fixed: 0)
        window.restart()
        var seen = [window.window]
        for _ in 0..<6 {
            window.answered(hundredths: nil)
            seen.append(window.window)
        }
        #expect(seen == [1, 2, 4, 8, 16, 32, 32])
    }

    @Test func withoutReadingsGrowingTimesShrinkTheWindowAndShortOnesLetItGrow() {
        var slow = WindowController(fixed: 0)
        for _ in 0..<1_000 { slow.answered(hundredths: 900) }
        #expect(slow.window == 16)
        var fast = WindowController(fixed: 0)
        for _ in 0..<3_000 {
            fast.dispatched(inFlight: fast.window)
            fast.answered(hundredths: 120)
        }
        #expect(fast.window == 64)
    }
}
