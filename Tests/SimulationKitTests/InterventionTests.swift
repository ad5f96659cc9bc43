import Model
import SimulationKit
import Support
import Testing

/// What an intervention may say, whom it concerns, and what it changes.
@Suite struct InterventionTests {
    private static let types = [
        AgentTypeDefinition(
            name: "seeker",
            fields: [
                FieldDefinition("city", .text, visibility: .everyone),
                FieldDefinition("money", .int, mutability: .dynamic, initial: .int(3)),
                FieldDefinition("skills", .list, mutability: .dynamic, initial: .list([])),
            ]),
        AgentTypeDefinition(
            name: "firm",
            fields: [FieldDefinition("city", .text, visibility: .everyone), FieldDefinition("plan", .text)]),
    ]

    private func population() throws -> Population {
        func record(_ id: String, _ city: String, _ type: AgentTypeDefinition) -> ProfileRecord {
            ProfileRecord(id: id, values: ["city": .text(city)], type: type)
        }
        let (seeker, firm) = (Self.types[0], Self.types[1])
        return try Population([
            .init(
                type: seeker, records: [record("ada", "Rome", seeker), record("ben", "Oslo", seeker)], count: 4),
            .init(type: firm, records: [record("acme", "Rome", firm)], count: 1),
        ])
    }

    private func check(_ value: Value) throws {
        try Intervention(value, at: "here").check(
            population: population(), types: Self.types, relations: ["friends"], at: "here")
    }

    private static let whole: Value = .map([
        "round": .int(3), "agents": .list([.text("ada"), .text("ben")]),
        "set": .map(["money": .int(5), "skills": .list([.text("Swift")])]), "add": .map(["money": .int(-2)]),
        "remember": .text("I was robbed."), "message": .map(["subject": .text("news"), "body": .map(["n": .int(1)])]),
        "announce": .text(""), "broadcast": .text("all is well"),
        "relate": .map(["relation": .text("friends"), "to": .list([.text("acme")])]),
        "unrelate": .map(["relation": .text("friends"), "to": .list([.text("ben")])]),
    ])

    @Test(arguments: [
        whole, .map(["announce": .text("hello")]),
        .map(["agents": .text("environment"), "set": .map(["price": .double(0.5)])]),
        .map([
            "agents": .map(["type": .text("seeker"), "where": .map(["city": .list([.text("Rome"), .text("Oslo")])])]),
            "remember": .text("x"),
        ]),
    ])
    func whatIsReadIsWrittenAlike(_ value: Value) throws {
        let intervention = try Intervention(value, at: "here")
        #expect(try Intervention(intervention.value, at: "there") == intervention)
        #expect(try Intervention(packed: intervention.packed()) == intervention)
        try check(value)
    }

    @Test(arguments: [
        Value.map([:]), .text("x"), .list([]), .map(["announce": .int(3)]), .map(["anounce": .text("x")]),
        .map(["round": .int(1), "announce": .text("x")]), .map(["remember": .text("whose?")]),
        .map(["agents": .text("all"), "remember": .text("")]), .map(["agents": .list([]), "remember": .text("x")]),
        .map(["agents": .map([:]), "remember": .text("x")]), .map(["agents": .bool(true), "remember": .text("x")]),
        .map(["agents": .text("all"), "add": .map(["money": .text("much")])]),
        .map(["agents": .text("all"), "message": .map(["subject": .text("x")])]),
        .map(["agents": .text("all"), "relate": .map(["relation": .text("friends")])]),
        .map(["announce": .text(String(repeating: "x", count: 20_000))]),
    ])
    func whatCannotBeReadIsRefusedWithItsPlaceAndAdvice(_ value: Value) {
        let error = #expect(throws: UserError.self) { try Intervention(value, at: "here") }
        #expect(error?.place.hasPrefix("here") == true && error?.advice.isEmpty == false, "\(error as Any)")
    }

    @Test(
        arguments: [
            (["agents": .list([.text("eve")])], "no agent"),
            (["agents": .map(["type": .text("seekr")])], "no type"),
            (["agents": .map(["where": .map(["money": .int(3)])])], "no public field"),
            (["agents": .map(["where": .map(["city": .text("Bonn")])])], "nobody"),
            (["agents": .text("seeker"), "set": .map(["city": .text("Bonn")])], "static"),
            (["agents": .text("all"), "set": .map(["money": .int(1)])], "has no field money"),
            (["agents": .text("seeker"), "set": .map(["money": .text("much")])], "whole number"),
            (["agents": .text("seeker"), "set": .map(["money": .null])], "whole number"),
            (["agents": .text("seeker"), "add": .map(["skills": .int(1)])], "no whole number"),
            (
                ["agents": .text("ada"), "relate": .map(["relation": .text("foes"), "to": .text("ben")])], "no relation"
            ),
            (
                ["agents": .text("ada"), "relate": .map(["relation": .text("friends"), "to": .text("eve")])], "no agent"
            ),
            (["agents": .text("environment")], "no memory"),
        ] as [([String: Value], String)])
    func whatTheRunDoesNotHaveIsRefused(_ parts: [String: Value], _ reason: String) throws {
        let value = Value.map(parts.count == 1 ? parts.merging(["remember": .text("x")]) { $1 } : parts)
        let error = #expect(throws: UserError.self) { try check(value) }
        #expect("\(error as Any)".contains(reason), "\(error as Any)")
    }

    @Test func anInterventionThatNoTurnCouldWriteIsRefusedBeforeItIsWrittenOut() throws {
        let type = Self.types[0]
        let record = ProfileRecord(id: "ada", values: ["city": .text("Rome")], type: type)
        let many = try Population([.init(type: type, records: [record], count: 100_000)])
        func check(_ value: Value) throws {
            try Intervention(value, at: "here").check(population: many, types: [type], relations: [], at: "here")
        }
        try check(.map(["announce": .text("one change, however many read it")]))
        #expect(throws: UserError.self) { try check(.map(["broadcast": .text("a hundred thousand changes")])) }
    }

    @Test func itConcernsWhomItNames() throws {
        let population = try population()
        func ids(_ selection: AgentSelection) -> [String] {
            selection.agents(of: population).map { population.id(of: $0) }
        }
        #expect(ids(.everyone) == ["ada", "ben", "ada~2", "ben~2", "acme"])
        #expect(ids(.environment) == ["environment"])
        #expect(ids(.named(["ben~2", "ada", "ada", "nobody"])) == ["ada", "ben~2"])
        #expect(ids(.named(["firm", "ben"])) == ["ben", "acme"])
        let rome = AgentSelection.Condition(field: "city", values: [.text("Rome")])
        #expect(ids(.matching(type: nil, conditions: [rome])) == ["ada", "ada~2", "acme"])
        #expect(ids(.matching(type: "seeker", conditions: [rome])) == ["ada", "ada~2"])
        #expect(ids(.matching(type: "firm", conditions: [])) == ["acme"])
    }

    @Test func itChangesWhatItSaysInOneOrder() throws {
        let population = try population()
        let all = try Intervention(Self.whole, at: "here").operations(for: population, types: Self.types, time: 7)
        let ada = all.filter { $0.target == AgentID(number: 0) }.map(\.operation)
        #expect(
            ada == [
                .set(field: "money", value: .int(5)), .set(field: "skills", value: .list([.text("Swift")])),
                .set(field: "skills_text", value: .text("Swift")), .add(field: "money", amount: -2),
                .remember(text: "I was robbed.", time: 7),
                .message(sender: .environment, subject: "news", body: .map(["n": .int(1)])),
                .set(field: "gensim.intervention", value: .text("")),
                .message(sender: .environment, subject: "broadcast", body: .text("all is well")),
                .remember(text: "all is well", time: 7),
                .relate(relation: "friends", other: AgentID(number: 4), isRelated: true),
                .relate(relation: "friends", other: AgentID(number: 1), isRelated: false),
            ])
        // Nobody is related to itself.
        #expect(all.count { if case .relate = $0.operation { true } else { false } } == 3)
        let announced = try Intervention(.map(["announce": .text("hi")]), at: "here")
        #expect(announced.operations(for: population, types: Self.types, time: 0).map(\.target) == [.environment])
    }
}
