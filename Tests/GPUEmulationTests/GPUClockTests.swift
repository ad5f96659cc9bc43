import Hashing
import Support
import Testing

@testable import GPUEmulation

@Suite struct GPUClockTests {
    @Test func aPromptTakesItsTokensAndAnAnswerItsSteps() {
        let (time, model) = makespan([request(1, prompt: 500, answer: 4)], plainGPU())
        // 500 ms for the prompt, which gives the first token, and 10 ms for each of the three others.
        #expect(time == .milliseconds(530))
        #expect(model.counters.firstToken.sum == 0.5)
        #expect(model.counters.steps == 4)
        #expect(model.counters.computedTokens == 503)
    }

    @Test func aPromptBeyondTheBudgetIsComputedInChunksBesideTheAnswersOfOthers() {
        var gpu = VirtualGPU(plainGPU(batched: 100))
        gpu.model.arrive(request(1, prompt: 50, answer: 5), at: gpu.now)
        let hadWork = gpu.step()
        #expect(hadWork)
        gpu.model.arrive(request(2, prompt: 250), at: gpu.now)
        gpu.run()
        // While the long prompt takes three steps, of 99 tokens each and what is left, the answer goes on.
        #expect(gpu.completions.map(\.id) == [2, 1])
        #expect(gpu.completions.map(\.finished.nanoseconds) == [303_000_000, 313_000_000])
        #expect(gpu.model.counters.steps == 5)
    }

    @Test func heldKVIsReadInEachStep() {
        var parameters = plainGPU()
        parameters.kvReadTokensPerSecond = 10_000
        let (time, _) = makespan([request(1, prompt: 500, answer: 3)], parameters)
        // The second and third token read what is held by then: 500 and 501 tokens, at 0.1 ms each.
        #expect(time == .milliseconds(500 + 10 + 50 + 10 + 50) + Span(nanoseconds: 100_000))
    }

    @Test func sequencesAreServedTogetherUpToTheirNumber() {
        let all = (0..<8).map { request($0, prompt: 10, answer: 11) }
        // All prompts in one step of 80 ms, then ten steps.
        #expect(makespan(all, plainGPU(sequences: 8)).time == .milliseconds(180))
        // Four at a time: 40 ms and ten steps, twice.
        #expect(makespan(all, plainGPU(sequences: 4)).time == .milliseconds(280))
    }

    @Test func requestsAreTakenUpAsTheyCome() {
        var gpu = VirtualGPU(plainGPU(sequences: 1))
        for id in [5, 3, 9, 1] as [UInt64] { gpu.model.arrive(request(id, prompt: 20), at: gpu.now) }
        gpu.run()
        #expect(gpu.completions.map(\.id) == [5, 3, 9, 1])
        #expect(gpu.completions.map(\.begun.nanoseconds) == [0, 20_000_000, 40_000_000, 60_000_000])
    }
}

extension Span {
    fileprivate static func + (left: Span, right: Span) -> Span {
        Span(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
}
