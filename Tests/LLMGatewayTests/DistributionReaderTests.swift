import Hashing
import JSON
import Model
import Testing

@testable import LLMGatewayRole

@Suite struct DistributionReaderTests {
    private func read(
        _ alternatives: [(String, Double)], _ options: [String], by way: ReadingWay = .firstToken,
        temperature: UInt32 = 1000, topP: UInt32 = 1000
    ) throws -> ChoiceDistribution {
        try DistributionReader.read(
            alternatives.map { AnswerAlternative(bytes: Array($0.0.utf8), probability: $0.1) }, by: way,
            options: options, sampling: Sampling(temperature: temperature, topP: topP, maxTokens: 1))
    }

    private func reason(_ alternatives: [(String, Double)], _ options: [String]) throws -> String {
        try #require(#expect(throws: UnreadableDistribution.self) { try read(alternatives, options) }).reason
    }

    @Test func firstTokensCountForTheOptionsThatBeginWithThem() throws {
        let distribution = try read(
            [("yes", 0.3), (" yes", 0.2), ("ye", 0.1), ("\n no", 0.2), ("perhaps", 0.1), (" ", 0.1)], ["no", "yes"])
        #expect(distribution.probabilities == [250_000, 750_000])
        #expect(distribution.coverage == 800_000)
    }

    @Test func anotherSpellingIsAnotherAnswer() throws {
        #expect(try reason([("Yes", 0.6), ("yes.", 0.3), ("yes", 0.1)], ["no", "yes"]).contains("10 %"))
    }

    @Test func aTokenWithWhichSeveralOptionsBeginIsAmbiguous() throws {
        let options = ["not now", "not ever", "yes"]
        #expect(try reason([("not", 0.5), ("yes", 0.5)], options) == "several options begin with the same token")
        // A trace of it changes nothing.
        #expect(try read([("not", 0.004), ("yes", 0.9)], options).probabilities == [0, 0, 1_000_000])
    }

    @Test func aNumberThatBeginsAnotherIsAmbiguous() throws {
        let scale = (1...10).map(String.init)
        #expect(throws: UnreadableDistribution.self) { try read([("1", 0.3), ("7", 0.7)], scale) }
        #expect(try read([("8", 0.3), ("7", 0.7)], scale).probabilities[6...7] == [700_000, 300_000])
    }

    @Test func optionsThatTheModelDidNotMeanAreNotChosenAmong() throws {
        #expect(try reason([("I", 0.69), ("yes", 0.31)], ["no", "yes"]).contains("31 %"))
        #expect(try reason([], ["no", "yes"]) == "the server told no probabilities")
    }

    @Test(arguments: [[1.5, 0], [.nan, 0.5], [.infinity, 0], [-0.5, 0.9], [0.9, 0.9]] as [[Double]])
    func whatAreNoProbabilitiesIsNotRead(probabilities: [Double]) throws {
        let words = try reason(Array(zip(["no", "yes"], probabilities)), ["no", "yes"])
        #expect(words == "what the server told are no probabilities")
    }

    @Test func aDecisionNamesWholeOptions() throws {
        let distribution = try read(
            [("not now", 0.25), ("not ever", 0.75)], ["not ever", "not now"], by: .decision)
        #expect(distribution.probabilities == [750_000, 250_000])
    }

    @Test func temperatureAndNucleusWorkAsInSampling() throws {
        let told = [("a", 0.6), ("b", 0.3), ("c", 0.1)]
        let options = ["a", "b", "c"]
        #expect(try read(told, options, temperature: 0).probabilities == [1_000_000, 0, 0])
        #expect(try read([("a", 0.5), ("b", 0.5)], ["b", "a"], temperature: 0).probabilities == [1_000_000, 0])
        // Squares: 36, 9 and 1 of 46.
        #expect(try read(told, options, temperature: 500).probabilities == [782_609, 195_652, 21_739])
        #expect(try read(told, options, topP: 700).probabilities == [666_667, 333_333, 0])
        #expect(try read(told, options, topP: 1).probabilities == [1_000_000, 0, 0])
        // The coldest temperature: powers of what is small vanish, and nothing overflows.
        #expect(try read(told, options, temperature: 1).probabilities == [1_000_000, 0, 0])
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func roundedProbabilitiesAddUpAndAreOffByLessThanAMillionth(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for count in 1...60 {
            let weights = (0..<count).map { _ in Double(1 + generator.below(1_000_000)) }
            let sum = weights.reduce(0, +)
            let options = (0..<count).map { "<\($0)>" }
            let told = zip(options, weights).map { ($0, $1 / sum) }
            let probabilities = try read(told, options, by: .decision).probabilities
            #expect(probabilities.reduce(0, +) == 1_000_000, "seed \(seed)")
            for (rounded, exact) in zip(probabilities, told) {
                #expect(abs(Double(rounded) - exact.1 * 1_000_000) < 1.001, "seed \(seed)")
            }
        }
    }
}
