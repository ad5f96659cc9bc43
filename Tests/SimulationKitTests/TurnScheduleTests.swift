import Model
import SimulationKit
import Testing

@Suite struct TurnScheduleTests {
    private let population: Population
    private let seed = RunSeed(3)

    init() throws {
        let type = AgentTypeDefinition(
            name: "person",
            fields: [
                FieldDefinition("town", .text, visibility: .everyone),
                FieldDefinition("activity", .number, visibility: .everyone),
            ])
        let other = AgentTypeDefinition(name: "other", fields: [])
        let records = [("ann", "York", 0.25), ("bob", "Bath", 1.5), ("cleo", "York", 0)].map {
            ProfileRecord(id: $0, values: ["town": .text($1), "activity": .double($2)], type: type)
        }
        population = try Population([
            .init(type: type, records: records, count: 3_000),
            .init(type: other, records: [ProfileRecord(id: "o", values: [:], type: other)], count: 1),
        ])
    }

    private func acting(_ rule: ScheduleRule, round: UInt32 = 1) -> [AgentID] {
        let schedule = TurnSchedule(["person": rule])
        return population.agents(ofType: "person").filter {
            schedule.acts($0, round: round, population: population, seed: seed)
        }
    }

    @Test func agentsWithoutARuleActInEveryRound() {
        let other = AgentID(number: 3_000)
        #expect(TurnSchedule().acts(other, round: 9, population: population, seed: seed))
        #expect(TurnSchedule(["person": .nobody]).acts(other, round: 9, population: population, seed: seed))
        #expect(acting(.nobody).isEmpty)
        #expect(acting(.everyone).count == 3_000)
    }

    @Test func aFractionIsDrawnAnewForEachAgentAndRound() {
        let first = acting(.fraction(millionths: 100_000))
        #expect((240...360).contains(first.count))
        #expect(acting(.fraction(millionths: 100_000)) == first)
        let second = acting(.fraction(millionths: 100_000), round: 2)
        #expect((240...360).contains(second.count))
        #expect((10...60).contains(Set(first).intersection(second).count))
        #expect(acting(.fraction(millionths: 0)).isEmpty)
        #expect(acting(.fraction(millionths: 1_000_000)).count == 3_000)
    }

    @Test func twoFractionsOfOneRuleAreTwoDraws() {
        let half = ScheduleRule.fraction(millionths: 500_000)
        #expect((660...840).contains(acting(.all([half, half])).count))
    }

    @Test func aRuleLooksAtPublicFieldsAsTheyWereAtTheStart() {
        let acting = acting(.having(field: "town", values: [.text("Bath"), .text("Rome")]))
        #expect(acting.count == 1_000 && acting.allSatisfy { population.id(of: $0).hasPrefix("bob") })
        #expect(self.acting(.having(field: "none", values: [.null])).isEmpty)
    }

    @Test func activityIsEachAgentsOwnProbability() {
        let acting = acting(.activity(field: "activity"))
        func count(_ id: String) -> Int { acting.count { population.id(of: $0).hasPrefix(id) } }
        #expect((190...310).contains(count("ann")))
        #expect(count("bob") == 1_000)
        #expect(count("cleo") == 0)
    }

    @Test(
        arguments: [
            (RoundSet(), [1, 2, 3, 4, 5, 6, 7, 8]), (RoundSet(from: 3), [3, 4, 5, 6, 7, 8]),
            (RoundSet(from: 2, until: 7, every: 3), [2, 5]), (RoundSet(until: 1), [1]),
        ] as [(RoundSet, [UInt32])])
    func roundsRepeatFromTheFirstToTheLast(_ rounds: RoundSet, _ expected: [UInt32]) {
        #expect((1...8).filter { !acting(.rounds(rounds), round: $0).isEmpty } == expected)
    }
}
