import Hashing
import Support
import Testing

@testable import GPUEmulation

@Suite struct PrefixCacheTests {
    @Test func aSharedPrefixIsComputedOnce() {
        var gpu = VirtualGPU(plainGPU())
        for id in 0..<3 {
            gpu.model.arrive(request(UInt64(id), prompt: 200, family: 7, shared: 160), at: gpu.now)
            gpu.run()
        }
        #expect(gpu.completions.map(\.cachedTokens) == [0, 160, 160])
        #expect(gpu.now.nanoseconds == 280_000_000)
        #expect(gpu.model.counters.prefixQueries == 600)
        #expect(gpu.model.counters.prefixHits == 320)
    }

    @Test func requestsOfOneStepShareAsWell() {
        let (time, model) = makespan(
            (0..<3).map { request($0, prompt: 200, family: 7, shared: 160) }, plainGPU())
        #expect(time == .milliseconds(280))
        #expect(model.counters.steps == 1)
    }

    @Test func theLastTokenOfAPromptIsComputedInAnyCase() {
        var gpu = VirtualGPU(plainGPU())
        for id in 0..<2 {
            gpu.model.arrive(request(UInt64(id), prompt: 160, family: 7, shared: 160), at: gpu.now)
            gpu.run()
        }
        #expect(gpu.completions.map(\.cachedTokens) == [0, 144])
    }

    @Test func withoutACacheNothingIsFound() {
        let (time, model) = makespan(
            (0..<3).map { request($0, prompt: 200, family: 7, shared: 160) }, plainGPU(prefixCache: false))
        #expect(time == .milliseconds(600))
        #expect(model.counters.prefixQueries == 0)
    }

    @Test func whatIsLongestUnusedIsForgottenFirst() {
        // Memory for two prompts of ten blocks, and one family after another.
        var gpu = VirtualGPU(plainGPU(kvTokens: 320, sequences: 1))
        var found: [Int] = []
        for (id, family) in [1, 2, 1, 3, 1, 2].enumerated() {
            gpu.model.arrive(request(UInt64(id), prompt: 160, family: UInt64(family), shared: 160), at: gpu.now)
            gpu.run()
            found.append(gpu.completions.last?.cachedTokens ?? -1)
        }
        // The third family takes the place of the second, since the first was used after it.
        #expect(found == [0, 0, 144, 0, 144, 0])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func groupedPromptsTakeWhatTheModelSaysAndLessThanRandomOnes(_ seed: UInt64) {
        // 40 groups of 50 prompts with 1,600 of 1,856 tokens in common; the memory holds few of the groups.
        let parameters = GPUParameters(
            prefillTokensPerSecond: 8_000, decodeTokensPerSecond: 60, kvTokens: 20_000, maximumSequences: 8)
        let (groups, members, shared, length) = (40, 50, 1_600, 1_856)
        let all = (0..<groups * members).map {
            request(UInt64($0), prompt: length, family: UInt64($0 / members), shared: shared)
        }
        var generator = SeededGenerator(seed: seed)
        let grouped = makespan(all, parameters)
        let random = makespan(generator.shuffled(all), parameters)
        // In order each group's prefix is computed once.
        let computed = groups * shared + groups * members * (length - shared)
        #expect(grouped.model.counters.computedTokens == computed, "seed \(seed)")
        // The clock is that of the tokens: all steps but the last are full.
        for (time, model) in [grouped, random] {
            let expected = Double(model.counters.computedTokens) / 8_000
            #expect(time.seconds >= expected - 1e-6 && time.seconds < expected * 1.02, "seed \(seed)")
        }
        let ratio = Double(random.model.counters.computedTokens) / Double(computed)
        #expect(ratio > 3, "seed \(seed)")
        #expect(abs(random.time.seconds / grouped.time.seconds / ratio - 1) < 0.03, "seed \(seed)")
    }
}
