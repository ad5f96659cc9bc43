import GPUEmulation
import Support
import Testing

@testable import EmulatorRole

/// A GPU that takes a millisecond for a token and ten for a step at least.
let slowGPU = GPUParameters(prefillTokensPerSecond: 1_000, decodeTokensPerSecond: 100, kvTokens: 64_000)

@Suite struct EmulatedGPUTests {
    @Test(arguments: [0.5, 1, 10, 1_000])
    func timePassesFasterByTheFactor(_ speed: Double) throws {
        let origin = Instant(nanoseconds: 77_000_000_000)
        var gpu = EmulatedGPU(slowGPU, speed: speed, origin: origin)
        let id = gpu.arrive(GPUWork(promptTokens: 100, answerTokens: 11), at: origin)
        var now = origin
        var done: [GPUCompletion] = gpu.advance(to: now, limit: 100)
        var turns = 0
        while done.isEmpty, turns < 100, let wait = gpu.wait(from: now) {
            // A timer is a little late.
            now = now + Span(nanoseconds: wait.nanoseconds + 5)
            done = gpu.advance(to: now, limit: 100)
            turns += 1
        }
        #expect(done.map(\.id) == [id])
        #expect(turns == 11)
        // 100 ms for the prompt and ten steps of 10 ms, and what the timers were late in.
        #expect(abs(now.since(origin).seconds * speed - 0.2) < 1e-6 * max(1, speed))
        #expect(gpu.wait(from: now) == nil)
    }

    @Test func aLateTimerCostsNoTimeOfTheGPU() {
        let origin = Instant(nanoseconds: 0)
        var gpu = EmulatedGPU(slowGPU, speed: 1, origin: origin)
        for _ in 0..<3 { _ = gpu.arrive(GPUWork(promptTokens: 10, answerTokens: 5), at: origin) }
        #expect(gpu.advance(to: origin, limit: 100).isEmpty)
        let done = gpu.advance(to: Instant(nanoseconds: 9_000_000_000), limit: 100)
        #expect(done.map(\.finished.nanoseconds) == [70_000_000, 70_000_000, 70_000_000])
        #expect(gpu.peakRunning == 3)
        // Of three answers that were ready after 70 ms, each left when the timer came.
        #expect(gpu.lateness == .milliseconds(3 * 8_930))
        #expect(gpu.longestLateness == .milliseconds(8_930))
    }

    @Test func itsTimeIsToldFromTheFirstRequestToTheLastAnswer() {
        var gpu = EmulatedGPU(slowGPU, speed: 10, origin: Instant(nanoseconds: 0))
        #expect(gpu.firstArrival == nil && gpu.lastEnd == nil)
        for second in [2, 5] as [UInt64] {
            let now = Instant(nanoseconds: second * 1_000_000_000)
            _ = gpu.arrive(GPUWork(promptTokens: 100, answerTokens: 1), at: now)
            #expect(gpu.advance(to: now, limit: 10).isEmpty)
            // The prompt takes 100 ms of the GPU, and twice as much has passed.
            #expect(gpu.advance(to: now + .milliseconds(20), limit: 10).count == 1)
        }
        #expect(gpu.firstArrival == Instant(nanoseconds: 20_000_000_000))
        #expect(gpu.lastEnd == Instant(nanoseconds: 50_100_000_000))
        #expect(abs(gpu.lateness.seconds - 0.2) < 1e-6)
    }

    @Test func noMoreStepsAreMadeAtATimeThanWasAllowed() {
        var gpu = EmulatedGPU(slowGPU, speed: 1, origin: Instant(nanoseconds: 0))
        _ = gpu.arrive(GPUWork(promptTokens: 10, answerTokens: 50), at: Instant(nanoseconds: 0))
        #expect(gpu.advance(to: Instant(nanoseconds: 0), limit: 10).isEmpty)
        let late = Instant(nanoseconds: 9_000_000_000)
        #expect(gpu.advance(to: late, limit: 10).isEmpty)
        #expect(gpu.wait(from: late) == Span(nanoseconds: 0))
        #expect(gpu.advance(to: late, limit: 100).count == 1)
    }
}
