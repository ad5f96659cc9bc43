import Foundation
import GRDB
import Hashing
import Model
import Recording
import Testing

/// Distributions that answers were drawn from, in the recording.
@Suite struct DistributionTests {
    /// Three calls, the first drawn; `isRight` says whether its answer is the one that its seed draws.
    private func recorded(isRight: Bool = true) throws -> (Fixture, [OutcomeRecord]) {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        let distribution = try #require(
            ChoiceDistribution(probabilities: [250_000, 750_000], coverage: 912_345))
        let call = CallID(turn: fixture.root(0, round: 1, kind: .act), number: 0)
        let drawn = distribution.draw(seed: Fixture.seed.call(call, attempt: 0))
        let records = [
            fixture.call(
                0, number: 0, answer: (drawn == 1) == isRight ? "yes" : "no", distribution: distribution),
            fixture.call(0, number: 1, fallback: "the server told no probabilities"),
            fixture.call(0, number: 2),
        ]
        try fixture.send([.outcomes(records)])
        return (fixture, records)
    }

    @Test func theyAreGivenBackAsTheyArrived() throws {
        let (fixture, records) = try recorded()
        #expect(try fixture.recorded(fixture.agents[0].partition).outcomes == records)
        // The same prompt, once to be drawn and once to be sampled, are two requests.
        #expect(records[0].request == records[1].request)
        #expect(records[0].request != records[2].request)
    }

    @Test func anExportShowsThemWithTheirOptions() throws {
        let (fixture, _) = try recorded()
        let folder = fixture.folder + "/out"
        _ = try Exporter(try RecordingReader(path: fixture.path)).export(["calls"], as: .jsonl, to: folder)
        let lines = try String(contentsOfFile: "\(folder)/calls.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0].hasSuffix(
                #""options":"[\"no\",\"yes\"]","distribution":"[250000,750000]","coverage":912345,"fallback":null}"#))
        #expect(
            lines[1].hasSuffix(
                #""distribution":null,"coverage":null,"fallback":"the server told no probabilities"}"#))
        #expect(lines[2].hasSuffix(#""distribution":null,"coverage":null,"fallback":null}"#))
    }

    @Test(arguments: ["distribution = '[250000,750001]'", "distribution = '[1000000]'", "coverage = 1000001"])
    func aDistributionThatIsNoneIsDamage(change: String) throws {
        let (fixture, _) = try recorded()
        try DatabaseQueue(path: fixture.path).write { try $0.execute(sql: "UPDATE calls SET \(change) WHERE id = 1") }
        #expect(throws: (any Error).self) { try fixture.recorded(fixture.agents[0].partition) }
    }

    @Test func aChangedOneIsFoundByVerification() throws {
        let (fixture, records) = try recorded()
        try fixture.send([.commit(fixture.commit(0, using: records))])
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
        try DatabaseQueue(path: fixture.path).write {
            try $0.execute(sql: "UPDATE calls SET distribution = '[250001,749999]' WHERE id = 1")
        }
        #expect(try RecordingReader(path: fixture.path).verify().violation != nil)
    }

    @Test func anAnswerThatItsSeedDoesNotDrawIsFoundByVerification() throws {
        let (fixture, records) = try recorded(isRight: false)
        try fixture.send([.commit(fixture.commit(0, using: records))])
        let violation = try RecordingReader(path: fixture.path).verify().violation
        #expect(violation?.contains("is not the one that its seed draws") == true)
    }
}
