import Model
import Recording
import Replay
import SimulationKit
import Support
import Testing

/// Agents out of a recording, as they were at the end of a round.
@Suite struct PastAgentTests {
    private func agent(_ village: RecordedVillage, _ id: String, _ round: UInt32? = nil) throws -> PastAgent {
        try PastAgent(
            RecordingReader(path: village.path), registry: Village<RecordedVersion>.registry,
            version: RecordedVillage.version, agent: id, round: round)
    }

    @Test func anAgentIsAsItWasAtTheEndOfItsRound() async throws {
        let village = try RecordedVillage()
        var ends: [[AgentState]] = []
        for _ in 0..<3 {
            try await village.play(rounds: 1)
            ends.append(village.states)
        }
        let ids = village.ids
        for (place, id) in ids.enumerated() {
            for round in 1...3 {
                let past = try agent(village, id, UInt32(round))
                #expect(past.state == ends[round - 1][place], "\(id) at the end of round \(round)")
                #expect(past.round == UInt32(round))
            }
            #expect(try agent(village, id, 0).state == AgentState())
            #expect(try agent(village, id).state == ends[2][place])
        }
        // There is something to be told apart, and something that is searched.
        #expect(Set(ends.map { $0[0].memory.short.map(\.text) }).count == 3)
        #expect(try ids.contains { try agent(village, $0).needsEmbedding })
    }

    @Test func anInterviewShowsTheAgentsMemoryAndTheWorldAndLeavesNoTrace() async throws {
        let village = try RecordedVillage()
        try await village.play(rounds: 1) {
            try village.intervene(1, [.map(["announce": .text("The harvest is poor.")])])
        }
        let before = try village.count("SELECT count(*) FROM batches")
        let past = try agent(village, village.ids[0])
        let performer = VillagePerformer(assets: past.assets, table: Guarded(village.agents))
        // The village's models fail now and then; a question that is answered will do.
        var answer: String?
        for number in 0..<20 where answer == nil {
            answer = try? await past.answer("How are you, for the time number \(number)?", performer: performer)
        }
        #expect(answer?.hasPrefix("I say number") == true)
        let prompts = performer.takeOutcomes().compactMap { record -> String? in
            guard case .completion(let spec, _) = record.content else { return nil }
            return spec.messages.flatMap(\.segments).joined()
        }
        let memory = try #require(past.state.memory.short.last?.text)
        #expect(prompts.allSatisfy { $0.contains("How are you") && $0.contains(memory) })
        #expect(prompts.allSatisfy { $0.contains("The harvest is poor.") })
        #expect(try village.count("SELECT count(*) FROM batches") == before)
        #expect(try agent(village, village.ids[0]).state == past.state)
    }

    @Test func whatIsNotThereIsRefused() async throws {
        let village = try RecordedVillage()
        #expect(try agent(village, village.ids[0]).round == 0)
        try await village.play(rounds: 1)
        try await village.openRound()
        #expect(try agent(village, village.ids[0]).round == 1)
        #expect(throws: UserError.self) { try agent(village, village.ids[0], 2) }
        #expect(throws: UserError.self) { try agent(village, "nobody") }
        #expect(throws: UserError.self) { try agent(village, "environment") }
    }
}
