import Model
import RunConfiguration
import SimulationKit
import Support
import Testing

@Suite struct PopulationSpecTests {
    private static let type = AgentTypeDefinition(
        name: "person",
        fields: [
            FieldDefinition("sex", .text), FieldDefinition("age", .int), FieldDefinition("job", .text),
            FieldDefinition("story", .text), FieldDefinition("score", .int, mutability: .dynamic, initial: .int(5)),
        ])

    private static let yaml = """
        fields:
          sex: { choose: { female: 51, male: 49 } }
          age: { normal: { mean: 45, deviation: 18.5, range: [18, 90] } }
          _town: { choose: [York, Bath] }
          job:
            table:
              - { when: { age: { from: 67 } }, choose: [retired] }
              - { when: { sex: [female], age: { to: 66 } }, choose: { nurse: 3, smith: 1, never: 0 } }
              - { choose: { nurse: 0.25, smith: 0.75 } }
          story: { text: "{{job}} no. {{number}} of {{_town}}, {{age}}" }
        """

    private func spec(_ yaml: String = Self.yaml) throws -> PopulationSpec {
        try PopulationSpec(yaml: yaml, file: "people.yaml")
    }

    private func records(_ count: Int, seed: UInt64 = 1) throws -> [[String: Value]] {
        try spec().records(count, of: Self.type, seed: RunSeed(seed)).map(\.values)
    }

    @Test func recordsFollowTheDistributions() throws {
        let records = try records(4_000)
        let women = records.filter { $0["sex"] == .text("female") }
        #expect((1_940...2_140).contains(women.count))
        let ages = records.compactMap { $0["age"]?.int }
        #expect(ages.count == 4_000 && ages.allSatisfy { (18...90).contains($0) })
        // A normal distribution cut at 18 has its mean above 45.
        #expect((46...50).contains(ages.reduce(0, +) / 4_000))
        #expect(Set(ages).count > 60)
    }

    @Test func aTableTakesTheFirstRowThatHolds() throws {
        let records = try records(4_000)
        func share(_ job: String, _ isMember: ([String: Value]) -> Bool) -> Double {
            let members = records.filter(isMember)
            return Double(members.count { $0["job"] == .text(job) }) / Double(members.count)
        }
        func isOld(_ record: [String: Value]) -> Bool { (record["age"]?.int ?? 0) >= 67 }
        #expect(share("retired", isOld) == 1)
        #expect(share("retired") { !isOld($0) } == 0)
        let female = share("nurse") { !isOld($0) && $0["sex"] == .text("female") }
        let male = share("nurse") { !isOld($0) && $0["sex"] == .text("male") }
        #expect((0.71...0.79).contains(female) && (0.21...0.29).contains(male))
        #expect(share("never") { _ in true } == 0)
    }

    @Test func textsAreMadeOfTheFieldsBeforeAndHelpersStayOutOfTheRecord() throws {
        let record = try #require(try records(3).last)
        let (job, age) = (try #require(record["job"]?.text), try #require(record["age"]?.int))
        let story = try #require(record["story"]?.text)
        #expect(["York", "Bath"].map { "\(job) no. 3 of \($0), \(age)" }.contains(story))
        #expect(record["_town"] == nil)
        #expect(record["score"] == .int(5))
    }

    @Test func aRecordDependsOnSeedAndNumberAlone() throws {
        #expect(try Array(records(50).prefix(10)) == records(10))
        #expect(try records(10, seed: 2) != records(10))
        let ids = try spec().records(2, of: Self.type, seed: RunSeed(1)).map(\.id)
        #expect(ids == ["person-0001", "person-0002"])
    }

    @Test func blocksAreRecordsInARow() throws {
        let spec = try PopulationSpec(
            yaml: "fields: { _group: { block: 4 }, job: { text: \"group {{_group}}\" }, age: { block: 1 } }",
            file: "groups.yaml")
        let values = try (1...9).map { try spec.values($0, seed: RunSeed(UInt64($0))) }
        #expect(
            values.map { $0["job"] }
                == [0, 0, 0, 0, 1, 1, 1, 1, 2].map { .text("group \($0)") })
        #expect(values.map { $0["age"] } == (0...8).map { .int($0) })
    }

    @Test(arguments: [
        ("fields: {}", "there are no fields"),
        ("fields: { age: { range: [5, 1] } }", "a range is two whole numbers"),
        ("fields: { age: { range: [1, 5], text: x } }", "age needs one distribution"),
        ("fields: { age: { choose: { a: 0 } } }", "no value has a weight"),
        ("fields: { age: { choose: [] } }", "no value has a weight"),
        ("fields: { age: { table: [{ when: { sex: [m] }, choose: [a] }] } }", "the table has no row for the rest"),
        (
            "fields: { age: { table: [{ when: { sex: [m] }, choose: [a] }, { choose: [b] }] } }",
            "the field sex is not drawn before age"
        ),
        ("fields: { age: { text: \"{{sex}}\" } }", "there is no field sex here"),
        ("fields: { number: { choose: [a] } }", "the field number is drawn twice"),
        ("fields: { age: { block: 0 } }", "fields.age.block must be from 1 to 1000000000"),
        ("fields: { age: { block: [4] } }", "fields.age.block must be a whole number"),
        ("fields: { age: { pick: [a] } }", "unknown key fields.age.pick"),
    ]) func whatCannotBeDrawnIsRefused(_ yaml: String, _ what: String) {
        let error = #expect(throws: UserError.self) { try spec(yaml) }
        #expect(error?.what == what)
    }

    @Test(arguments: [
        ("fields: { age: { range: [1, 5] } }", "the field sex is missing"),
        ("fields: { sexes: { choose: [a] } }", "a person has no field sexes"),
        ("fields: { age: { choose: [old] } }", "the value is no whole number"),
    ]) func recordsMustFitTheirType(_ yaml: String, _ what: String) throws {
        let spec = try spec(yaml)
        let error = #expect(throws: UserError.self) { try spec.records(1, of: Self.type, seed: RunSeed(1)) }
        #expect(error?.what == what)
        #expect(error?.place.hasPrefix("people.yaml, record 1") == true)
    }
}
