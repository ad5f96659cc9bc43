import Foundation
import Model
import SimulationKit
import Support
import Testing

@Suite struct PopulationTests {
    static let type = AgentTypeDefinition(
        name: "seeker",
        fields: [
            FieldDefinition("name", .text, visibility: .everyone),
            FieldDefinition("cv", .map, visibility: .everyone),
            FieldDefinition("age", .int, initial: .null),
            FieldDefinition("job", .text, mutability: .dynamic, initial: .text("none"), aliases: ["work"]),
        ])
    static let other = AgentTypeDefinition(name: "room", fields: [FieldDefinition("name", .text)])

    static func read(_ text: String, _ format: PopulationFormat = .json) throws -> [ProfileRecord] {
        try PopulationReader(type: type, format: format, file: "p.json").records(in: Array(text.utf8))
    }

    static func records(_ count: Int) throws -> [ProfileRecord] {
        let records = (1...count).map { "{\"id\":\"s\($0)\",\"name\":\"N\($0)\",\"cv\":{\"a\":\"b\"}}" }
        return try read("[\(records.joined(separator: ","))]")
    }

    @Test func aRecordBecomesFieldsWithDefaultsAndReadableTexts() throws {
        let text = #"{"id":"s1","name":"Ann","cv":{"Skills":["x","y"]},"work":"clerk"}"#
        for record in try Self.read("[\(text)]") + Self.read("\n\(text)\n\n", .jsonl) {
            #expect(record.id == "s1")
            #expect(record.values["cv_text"] == "Skills: x; y")
            #expect(record.values["job"] == "clerk")
            #expect(record.values["age"] == nil)
            #expect(Set(record.publicValues.keys) == ["name", "cv", "cv_text"])
        }
        let original = #"[{"class":"SeekerAgent","args":{"name":"Ann","cv":{},"port":13000}}]"#
        #expect(try Self.read(original, .gensim).map(\.id) == ["seeker-0001"])
    }

    @Test(arguments: [
        (#"[{"name":"A","cv":{}},{"name":"B"}]"#, "p.json, record 2, field cv: the field cv is missing"),
        (#"[{"name":7,"cv":{}}]"#, "p.json, record 1, field name: the value is no text"),
        (
            #"[{"name":"A","cv":{},"jop":"x"}]"#,
            "p.json, record 1, field jop: a seeker has no field jop; did you mean job?"
        ),
        (#"[{"id":"a~2","name":"A","cv":{}}]"#, "p.json, record 1, field id: the id is not usable"),
        (
            #"[{"id":"a","name":"A","cv":{}},{"id":"b","name":"B","cv":{}},{"id":"a","name":"C","cv":{}}]"#,
            "p.json, record 3, field id: the id a is used by record 1 already"
        ),
        (#"[{"name":"A","cv":{},"job":"x","work":"y"}]"#, "p.json, record 1, field work: the field is given twice"),
        ("[1]", "p.json, record 1: the record is not a JSON object"),
        ("{}", "p.json: the file holds no JSON array"),
        ("[]", "p.json: the population has no records"),
        ("[{\"name\":\"A\",\"cv\":{}},\n{\"name\":\"B\",,\"cv\":{}},\n{}]", "p.json, record 2: "),
    ])
    func brokenFilesAreRefusedWithRecordAndField(text: String, message: String) {
        let error = #expect(throws: UserError.self) { try Self.read(text) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        #expect(error?.exitCode == .dataError)
        #expect(error?.advice.isEmpty == false)
    }

    @Test func brokenLinesAndOriginalsAreNamedToo() {
        let line = #expect(throws: UserError.self) { try Self.read("{\"name\":\"A\",\"cv\":{}}\n{", .jsonl) }
        #expect(line?.place == "p.json, record 2")
        let bare = #expect(throws: UserError.self) { try Self.read(#"[{"name":"A"}]"#, .gensim) }
        #expect(bare?.place == "p.json, record 1, field args")
    }

    @Test func copiesTakeTheRecordsAgainUnderIdsOfTheirOwn() throws {
        let population = try Population([
            .init(type: Self.type, records: try Self.records(3), count: 8),
            .init(
                type: Self.other, records: [ProfileRecord(id: "r", values: ["name": "R"], type: Self.other)], count: 2),
        ])
        let ids = population.agents.map(population.id)
        #expect(ids == ["s1", "s2", "s3", "s1~2", "s2~2", "s3~2", "s1~3", "s2~3", "r", "r~2"])
        for agent in population.agents { #expect(population.agent(withID: population.id(of: agent)) == agent) }
        for wrong in ["s4", "s3~3", "s1~1", "s1~02", "s1~", "s1~2~2", "", "environment"] {
            #expect(population.agent(withID: wrong) == nil, "\(wrong)")
        }
        #expect(population.agents(ofType: "room").map(\.number) == [8, 9])
        #expect(population.countsByType == ["seeker": 8, "room": 2])
        #expect(population.recordKey(of: AgentID(number: 1)) == population.recordKey(of: AgentID(number: 4)))
        #expect(population.recordKey(of: AgentID(number: 1)) != population.recordKey(of: AgentID(number: 2)))
        #expect(population.record(of: AgentID(number: 7))["name"] == "N2")
        #expect(population.type(of: .environment) == "environment")
        #expect(population.record(of: .environment).isEmpty)
        #expect(!population.contains(.environment))
    }

    @Test func copiesAreFoundWhateverCharacterTheIDEndsIn() throws {
        // An Arabic number sign and a joiner form one character with what follows or stands before them.
        for id in ["a\u{600}", "a\u{200d}", "\u{301}", "e\u{301}"] {
            let record = ProfileRecord(id: id, values: ["name": "N"], type: Self.type)
            let population = try Population([.init(type: Self.type, records: [record], count: 3)])
            for agent in population.agents { #expect(population.agent(withID: population.id(of: agent)) == agent) }
        }
    }

    @Test func idsDifferBetweenTypesToo() throws {
        let clash = [ProfileRecord(id: "s1", values: ["name": "R"], type: Self.other)]
        let records = try Self.records(1)
        let error = #expect(throws: UserError.self) {
            try Population([
                .init(type: Self.type, records: records, count: 1), .init(type: Self.other, records: clash, count: 1),
            ])
        }
        #expect(error?.what == "two records have the id s1")
    }

    @Test func aMillionAgentsAreComputedNotStored() throws {
        let population = try Population([.init(type: Self.type, records: try Self.records(40), count: 1_000_000)])
        #expect(population.id(of: AgentID(number: 999_999)) == "s40~25000")
        #expect(population.agent(withID: "s40~25000") == AgentID(number: 999_999))
        let tooMany = try Self.records(1)
        #expect(throws: UserError.self) {
            try Population([.init(type: Self.type, records: tooMany, count: Population.maxAgents + 1)])
        }
    }

    @Test func totalsKeepTheRatioAndTheLargestTypeGetsTheRest() throws {
        let configured = [("seeker", 42), ("interviewer", 14)].map { (type: $0.0, count: $0.1) }
        func counts(_ text: String) throws -> [String: Int] { try AgentCounts.parse(text, configured: configured) }
        #expect(try counts("50") == ["seeker": 38, "interviewer": 12])
        #expect(try counts("100000") == ["seeker": 75_000, "interviewer": 25_000])
        #expect(try counts("2") == ["seeker": 1, "interviewer": 1])
        #expect(try counts("seeker=8,interviewer=4") == ["seeker": 8, "interviewer": 4])
        #expect(try counts("interviewer=4") == ["seeker": 42, "interviewer": 4])
        for wrong in [
            "1", "0", "-3", "seeker", "seeker=", "seekers=3", "seeker=1,seeker=2", "", "99999999999",
            "seeker=0,interviewer=0",
        ] {
            let error = #expect(throws: UserError.self) { try counts(wrong) }
            #expect(error?.exitCode == .usage)
        }
    }
}
