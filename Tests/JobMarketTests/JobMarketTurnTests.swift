import Foundation
import Hashing
import JobMarket
import Model
import RunConfiguration
import ScenarioTestKit
import SimulationKit
import TestKit
import Testing

@Suite struct JobMarketTurnTests {
    /// The benchmark's configuration with fewer agents and other parameters.
    static func market(
        seekers: Int = 3, interviewers: Int = 6, parameters: String = "pool_size: 10, max_jobs: 5",
        memory: String? = nil,
        rule: @escaping ScriptedMarket.Rule = ScriptedMarket.lastOption
    ) throws -> ScriptedMarket {
        let yaml = """
            name: test
            seed: 5
            scenario: { name: job-market, prompts: job-market/prompts, parameters: { \(parameters) } }
            populations:
              seeker: { file: job-market/seekers.json, count: \(seekers) }
              interviewer: { file: job-market/positions.json, count: \(interviewers) }
            memory: { kind: \(memory ?? "short-long-reflection") }
            """
        let package = try RunPackage.load(
            yaml: yaml, name: "test", registry: JobMarketFilesTests.registry
        ) { path in try ShippedConfigurations.bytes(path) }
        return try ScriptedMarket(package, rule: rule)
    }

    /// Answers by the last option, but `answer` to the prompts of one template, known by its longest piece of text
    /// between tags: wording is not the tests' business.
    static func lastOption(but answer: String, to template: String) throws -> ScriptedMarket.Rule {
        let text = try ShippedConfigurations.text("job-market/prompts/\(template).mustache")
        let pieces = text.split(separator: /\{\{[^}]*\}\}/)
        let mark = String(try #require(pieces.max { $0.count < $1.count }))
        return { spec, agent in
            guard case .choice = spec.constraint, spec.messages.last?.text.contains(mark) == true else {
                return ScriptedMarket.lastOption(spec, agent)
            }
            return answer
        }
    }

    @Test func theLongestWayTakesTwentyEightCallsAndThirtyFourMemories() async throws {
        let market = try Self.market(seekers: 1)
        let round = try await market.play(1)
        #expect(round.trees.allSatisfy { $0.turns.allSatisfy { $0.failure == nil } })
        #expect(round.seen.count == 28)
        #expect(round.calls(.text).count == 10)
        let seeker = AgentID(number: 0)
        #expect(round.memories[seeker]?.count == 19)
        #expect(round.memories.filter { $0.key != seeker }.map(\.value.count) == Array(repeating: 3, count: 5))
        for (event, count) in ["sought": 1, "applied": 5, "screened": 5, "interviewed": 5, "offered": 5, "hired": 1] {
            #expect(round.events(event).count == count, "\(event)")
        }
    }

    @Test func bothSidesSpeakForThemselvesFromTheirOwnProfile() async throws {
        let market = try Self.market(seekers: 1)
        let round = try await market.play(1)
        let seeker = market.assets.population.record(of: AgentID(number: 0))
        for call in round.calls(.text) {
            let system = try #require(call.spec.messages.first).text
            let isSeeker = call.agent.hasPrefix("seeker")
            #expect(system.contains(seeker["trait_text"]?.text ?? "") == isSeeker)
        }
        #expect(round.calls(.text).filter { $0.agent.hasPrefix("seeker") }.count == 5)
        let speakers = round.events("interview_line").map { $0["speaker"]?.text }
        #expect(Set(speakers) == ["Interviewer", seeker["name"]?.text])
    }

    @Test func promptsHoldInstructionProfileMemoryAndObservationInThisOrder() async throws {
        let market = try Self.market(seekers: 1)
        let round = try await market.play(1)
        let call = try #require(round.calls(.choice).last { $0.agent.hasPrefix("seeker") })
        let text = call.spec.messages.map(\.text).joined()
        let profile = market.assets.population.record(of: AgentID(number: 0))
        let instruction = market.assets.prompts.render("seeker.instruction", fields: .map([:]))
        // The choice among offers, the last call, sees all memories but the last.
        let remembered = try #require(round.memories[AgentID(number: 0)]?.suffix(2).first)
        let pieces = [
            instruction, profile["cv_text"]?.text, profile["trait_text"]?.text, profile["working_condition"]?.text,
            remembered, "5. ",
        ]
        let places = pieces.compactMap { piece in piece.flatMap { text.range(of: $0, options: .backwards)?.lowerBound }
        }
        #expect(places.count == pieces.count)
        #expect(places == places.sorted())
        #expect(!text.contains("{{"))
    }

    @Test func seekersCanDeclineEverythingAndEveryInterviewerIsTold() async throws {
        let market = try Self.market(seekers: 1, rule: try Self.lastOption(but: "decline", to: "final"))
        let round = try await market.play(1)
        #expect(round.events("declined").count == 1 && round.events("hired").isEmpty)
        // Screened, interviewed, told: an interviewer who is not told keeps two memories.
        #expect(round.memories.filter { $0.key.number > 0 }.map(\.value.count) == Array(repeating: 3, count: 5))
        #expect(market.state(of: AgentID(number: 0)).fields["working_condition"] == nil)
    }

    @Test func whoDoesNotLookForWorkDoesNothingMoreUnlessRequired() async throws {
        let rule = try Self.lastOption(but: "no", to: "seek")
        let idle = try await Self.market(seekers: 2, rule: rule).play(1)
        #expect(idle.seen.count == 2)
        #expect(idle.events("not_sought").count == 2 && idle.events("sought").isEmpty)
        let parameters = "pool_size: 4, max_jobs: 2, require_seeking: true"
        let required = try await Self.market(seekers: 2, parameters: parameters, rule: rule).play(1)
        #expect(required.events("seeking_overruled").count == 2 && required.events("sought").count == 2)
        #expect(required.events("applied").count == 4)
    }

    @Test func aVacancyIsClaimedAndItsResultComesNextRound() async throws {
        let market = try Self.market(seekers: 2, parameters: "pool_size: 5, max_jobs: 5, vacancies: 1")
        let first = try await market.play(1) { $0 == AgentID(number: 0) }
        #expect(first.events("hired").isEmpty && first.events("accepted").count == 2)
        let second = try await market.play(2)
        #expect(second.events("hired").count == 1 && second.events("vacancy_lost").count == 1)
        // Who was hired changed its condition; who was not, kept it.
        let conditions = [0, 1].map { market.state(of: AgentID(number: $0)).fields["working_condition"] }
        #expect(conditions[0] != nil && conditions[1] == nil)
    }

    @Test func jobsComeFromThePoolWithoutRepetition() async throws {
        // Eighteen positions taken twice: the pool holds distinct texts only.
        let market = try Self.market(seekers: 4, interviewers: 36, parameters: "pool_size: 5, max_jobs: 5")
        let round = try await market.play(1)
        let population = market.assets.population
        for seeker in population.agents(ofType: "seeker") {
            let pool = try #require(market.state(of: seeker).fields["pool"]?.list).compactMap(\.int)
            let keys = pool.map { population.recordKey(of: AgentID(number: UInt32($0))) }
            #expect(pool.count == 5 && Set(keys).count == 5)
        }
        #expect(round.events("applied").count == 20)
    }

    @Test func aFailedInterviewerCostsItsSeekerOneAnswerOnly() async throws {
        // An answer outside of the options: the engine fails the interviewer's turn.
        let market = try Self.market(seekers: 1, rule: try Self.lastOption(but: "maybe", to: "hire"))
        let round = try await market.play(1)
        #expect(round.events("unanswered").count == 5)
        #expect(round.trees[0].root.failure == nil)
        #expect(round.events("offered").isEmpty)
    }

    @Test func theSecondRoundRatesEveryMemoryOnceAndReflects() async throws {
        let market = try Self.market(seekers: 2)
        let first = try await market.play(1)
        #expect(first.calls(.importance, .questions, .insights).isEmpty)
        let second = try await market.play(2)
        let reflections = second.calls(.questions).count
        // Each seeker: 19 memories, of which the last three stay in short-term memory.
        let pushed = first.memories.values.map { max(0, $0.count - 3) }.reduce(0, +)
        #expect(reflections >= 2)
        #expect(second.calls(.insights).count == reflections * 3)
        #expect(second.calls(.importance).count == pushed + reflections * 15)
        #expect(market.state(of: AgentID(number: 0)).memory.long.count >= 16 + 15)
        #expect(second.calls(.choice).count == 2 * 18)
    }

    @Test(arguments: ["none", "short", "short-long"])
    func everyKindOfMemoryPlays(kind: String) async throws {
        let market = try Self.market(seekers: 1, memory: kind)
        _ = try await market.play(1)
        let second = try await market.play(2)
        #expect(second.calls(.questions).isEmpty)
        #expect(second.calls(.importance).isEmpty == (kind != "short-long"))
        #expect(second.calls(.choice, .text).count == 28)
    }

    @Test func theSameSeedAndAnswersGiveTheSameTrees() async throws {
        func digests() async throws -> [Digest256] {
            let market = try Self.market(seekers: 3)
            var digests: [Digest256] = []
            for round in UInt32(1)...2 {
                digests += try await market.play(round).trees.map { Tree.digest(ofPacked: $0.packed()) }
            }
            return digests
        }
        #expect(try await digests() == digests())
    }
}
