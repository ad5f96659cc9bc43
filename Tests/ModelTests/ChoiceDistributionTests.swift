import Hashing
import Model
import Testing

@Suite struct ChoiceDistributionTests {
    private func spec(_ reading: AnswerReading, constraint: AnswerConstraint = .choice(["no", "yes"])) -> CompletionSpec
    {
        CompletionSpec(
            kind: .choice, model: "m", messages: [PromptMessage(role: .user, segments: ["Apply?"])],
            constraint: constraint, sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 5), reading: reading)
    }

    @Test(arguments: [[0, 10, 1_000_000], [1_000_001], [], [.max, .max, 2]] as [[UInt32]])
    func whatDoesNotAddUpToAWholeIsNoDistribution(probabilities: [UInt32]) {
        #expect(ChoiceDistribution(probabilities: probabilities, coverage: 1) == nil)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func drawsAreAsFrequentAsTheirProbabilitiesSay(seed: UInt64) throws {
        let probabilities: [UInt32] = [5_000, 0, 295_000, 100_000, 600_000]
        let distribution = try #require(ChoiceDistribution(probabilities: probabilities, coverage: 1_000_000))
        var generator = SeededGenerator(seed: seed)
        let draws = 20_000
        var counts = [Int](repeating: 0, count: probabilities.count)
        for _ in 0..<draws { counts[distribution.draw(seed: generator.next())] += 1 }
        #expect(counts[1] == 0, "seed \(seed)")
        var square = 0.0
        for (count, probability) in zip(counts, probabilities) where probability > 0 {
            let expected = Double(draws) * Double(probability) / 1_000_000
            square += (Double(count) - expected) * (Double(count) - expected) / expected
        }
        // Three degrees of freedom: a right generator exceeds 21.1 once in ten thousand times.
        #expect(square < 21.1, "seed \(seed), counts \(counts)")
    }

    @Test func theSeedsOfNeighboursDrawIndependently() throws {
        let distribution = try #require(ChoiceDistribution(probabilities: [500_000, 500_000], coverage: 0))
        let draws = (0..<1_000 as Range<UInt64>).map { distribution.draw(seed: $0) }
        let changes = zip(draws, draws.dropFirst()).filter { $0 != $1 }.count
        #expect((430...570).contains(changes))
        #expect((430...570).contains(draws.reduce(0, +)))
    }

    /// Answers of recorded runs follow from these draws: a change of the generator would change them.
    @Test func theFirstDrawsAreThese() throws {
        let distribution = try #require(
            ChoiceDistribution(probabilities: [250_000, 250_000, 250_000, 250_000], coverage: 1_000_000))
        #expect((0..<12 as Range<UInt64>).map { distribution.draw(seed: $0) } == [2, 2, 1, 3, 3, 0, 0, 1, 0, 2, 2, 3])
    }

    @Test func onlyARequestForADistributionHasAHashOfItsOwn() {
        #expect(spec(.sample).requestHash != spec(.distribution).requestHash)
        #expect(spec(.sample).requestHash.description == "371015385b93cfc55b23c8b987b828fd")
    }

    @Test func requestsAndOutcomesSurviveTheWay() throws {
        for reading in AnswerReading.allCases {
            #expect(try CompletionSpec(packed: spec(reading).packed()) == spec(reading))
        }
        let plain = CompletionOutcome(
            answer: "yes", rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
        var drawn = plain
        drawn.distribution = ChoiceDistribution(probabilities: [1, 999_999], coverage: 640_000)
        var fallen = plain
        fallen.fallback = "no probabilities"
        for outcome in [plain, drawn, fallen] {
            #expect(try CompletionOutcome(packed: outcome.packed()) == outcome)
            // A turn sees the answer alone, and so does its digest.
            #expect(outcome.resultHash == plain.resultHash)
        }
    }

    @Test func aDistributionOfSomethingElseThanAChoiceIsRefused() {
        #expect(throws: DecodingFailure.range("reading of an answer")) {
            try CompletionSpec(packed: spec(.distribution, constraint: .free).packed())
        }
    }
}
