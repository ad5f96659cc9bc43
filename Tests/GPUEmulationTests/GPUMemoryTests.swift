import Hashing
import Support
import Testing

@testable import GPUEmulation

@Suite struct GPUMemoryTests {
    @Test func theLastOneTakenUpGivesWayWhereKVIsShort() {
        // Ten blocks: two prompts of four blocks each, whose answers want three more each.
        var gpu = VirtualGPU(plainGPU(kvTokens: 160))
        gpu.model.arrive(request(1, prompt: 64, answer: 40), at: gpu.now)
        gpu.model.arrive(request(2, prompt: 64, answer: 40), at: gpu.now)
        while gpu.model.counters.preemptions == 0, gpu.step() {}
        #expect(gpu.model.runningCount == 1)
        #expect(gpu.model.waitingCount == 1)
        gpu.run()
        #expect(gpu.completions.map(\.id) == [1, 2])
        #expect(gpu.completions.map(\.preemptions) == [0, 1])
        #expect(gpu.model.heldBlocks == 0)
    }

    @Test func whoWasPreemptedIsTakenUpBeforeAllOthers() {
        var gpu = VirtualGPU(plainGPU(kvTokens: 160, sequences: 2))
        for id in 1...3 { gpu.model.arrive(request(UInt64(id), prompt: 64, answer: 40), at: gpu.now) }
        gpu.run()
        #expect(gpu.model.counters.preemptions > 0)
        #expect(gpu.completions.map(\.id) == [1, 2, 3])
    }

    @Test func whoIsGivenUpFreesItsKVAtOnce() {
        var gpu = VirtualGPU(plainGPU(kvTokens: 160, sequences: 1))
        gpu.model.arrive(request(1, prompt: 128, answer: 20), at: gpu.now)
        gpu.model.arrive(request(2, prompt: 128, answer: 20), at: gpu.now)
        let hadWork = gpu.step()
        #expect(hadWork)
        #expect(gpu.model.heldBlocks == 8)
        let wasThere = gpu.model.abort(1)
        #expect(wasThere)
        #expect(gpu.model.heldBlocks == 0)
        #expect(gpu.model.runningCount == 0)
        let isThereAgain = gpu.model.abort(1)
        #expect(!isThereAgain)
        gpu.run()
        #expect(gpu.completions.map(\.id) == [2])
        #expect(gpu.model.counters.aborted == 1)
    }

    @Test func whoIsGivenUpInTheMiddleOfAStepDoesNotChangeItsEnd() {
        var gpu = VirtualGPU(plainGPU())
        gpu.model.arrive(request(1, prompt: 100), at: gpu.now)
        gpu.model.arrive(request(2, prompt: 100), at: gpu.now)
        let end = gpu.model.step(at: gpu.now)
        #expect(end == Instant(nanoseconds: 200_000_000))
        let wasThere = gpu.model.abort(2)
        #expect(wasThere)
        #expect(gpu.model.finish(at: end ?? gpu.now).map(\.id) == [1])
        #expect(gpu.model.step(at: end ?? gpu.now) == nil)
    }

    @Test func whatCannotEverFitIsKnownBefore() {
        let model = GPUModel(plainGPU(kvTokens: 167))
        #expect(model.fits(promptTokens: 150, answerTokens: 10))
        #expect(!model.fits(promptTokens: 150, answerTokens: 11))
        #expect(!model.fits(promptTokens: .max, answerTokens: 1))
    }

    @Test func anEmbeddingHoldsNoKV() {
        var gpu = VirtualGPU(plainGPU(kvTokens: 16))
        gpu.model.arrive(GPURequest(id: 1, promptTokens: 500, answerTokens: 1, holdsKV: false), at: gpu.now)
        gpu.run()
        #expect(gpu.now == Instant(nanoseconds: 500_000_000))
        #expect(gpu.model.counters.finished == 1)
    }
}
