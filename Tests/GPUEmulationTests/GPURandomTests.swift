import Hashing
import Support
import Testing

@testable import GPUEmulation

@Suite struct GPURandomTests {
    /// Random arrivals, steps and abortions on a small GPU: the books are looked at after each of them.
    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func nothingIsLostAndKVStaysWithinItsBounds(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let parameters = GPUParameters(
            prefillTokensPerSecond: 1_000, decodeTokensPerSecond: 100,
            kvReadTokensPerSecond: generator.below(2) == 0 ? nil : 50_000,
            kvTokens: 64 + generator.below(600), blockTokens: 1 + generator.below(16),
            maximumSequences: 1 + generator.below(8), maximumBatchedTokens: 1 + generator.below(200),
            prefixCache: generator.below(4) > 0)
        var gpu = VirtualGPU(parameters)
        var alive: Set<UInt64> = []
        var arrived: [UInt64] = []
        var aborted: Set<UInt64> = []
        for turn in 0..<1_500 {
            switch generator.below(10) {
            case 0..<3:
                let id = UInt64(turn)
                let prompt = 1 + generator.below(120)
                let answer = 1 + generator.below(30)
                guard gpu.model.fits(promptTokens: prompt, answerTokens: answer) else { continue }
                gpu.model.arrive(
                    request(
                        id, prompt: prompt, answer: answer, family: UInt64(generator.below(4)),
                        shared: generator.below(121), blockTokens: parameters.blockTokens), at: gpu.now)
                arrived.append(id)
                alive.insert(id)
            case 3:
                guard let id = alive.sorted().dropFirst(generator.below(max(1, alive.count))).first else { continue }
                let wasThere = gpu.model.abort(id)
                #expect(wasThere, "seed \(seed)")
                alive.remove(id)
                aborted.insert(id)
            default:
                let before = gpu.completions.count
                _ = gpu.step()
                for completion in gpu.completions[before...] {
                    #expect(alive.remove(completion.id) != nil, "seed \(seed)")
                }
            }
            let fault = gpu.model.fault()
            #expect(fault == nil, "seed \(seed), turn \(turn)")
            guard fault == nil else { return }
        }
        gpu.run()
        #expect(gpu.model.fault() == nil, "seed \(seed)")
        #expect(gpu.model.heldBlocks == 0, "seed \(seed)")
        let finished = gpu.completions.map(\.id)
        #expect(Set(finished).count == finished.count, "seed \(seed)")
        #expect((finished + aborted).sorted() == arrived.sorted(), "seed \(seed)")
        #expect(gpu.model.counters.finished == finished.count, "seed \(seed)")
        for completion in gpu.completions {
            #expect(
                completion.arrived <= completion.begun && completion.begun < completion.firstToken
                    && completion.firstToken <= completion.finished, "seed \(seed)")
        }
    }

    @Test func theSameArrivalsGiveTheSameClock() {
        func history() -> [GPUCompletion] {
            var generator = SeededGenerator(seed: 5)
            var gpu = VirtualGPU(plainGPU(kvTokens: 2_000, sequences: 6))
            for id in 0..<200 as Range<UInt64> {
                gpu.model.arrive(
                    request(
                        id, prompt: 1 + generator.below(300), answer: 1 + generator.below(20),
                        family: UInt64(generator.below(5)), shared: 160), at: gpu.now)
                if generator.below(3) == 0 { _ = gpu.step() }
            }
            gpu.run()
            return gpu.completions
        }
        let first = history()
        #expect(first.count == 200)
        #expect(history() == first)
    }
}
