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

    /// A list in a list in a list, so many of them.
    private static func nested(_ levels: Int) -> Value {
        (0..<levels).reduce(.int(1)) { inner, _ in .list([inner]) }
    }

    /// Texts that differ, so many of them.
    private static func texts(_ count: Int) -> Value {
        .list((0..<count).map { .text("a\($0)") })
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
        .map(["agents": .text("environment"), "set": .map(["price": nested(7)])]),
        .map(["agents": .text("all"), "message": .map(["subject": .text("x"), "body": nested(59)])]),
        .map(["agents": .map(["where": .map(["city": nested(6)])]), "remember": .text("x")]),
        // A condition's only value is written as a list of one.
        .map(["agents": .map(["where": .map(["city": .map(["a": nested(4)])])]), "remember": .text("x")]),
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
            (["agents": .text("environment"), "set": .map(["gensim.relations": .int(1)])], "not yours"),
            (["agents": .text("environment"), "add": .map(["gensim.relations": .int(1)])], "not yours"),
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

    /// Each would be looked at for every agent.
    @Test(arguments: ["types", "conditions", "values", "no values", "relations"])
    func aSelectionOfTooManyPartsIsRefusedBeforeItIsLookedAt(_ what: String) {
        let agents: Value =
            switch what {
            case "types": .list(Array(repeating: .text("seeker"), count: 100_000))
            case "conditions":
                .map(["where": .map(Dictionary(uniqueKeysWithValues: (0..<100).map { ("f\($0)", .int(1)) }))])
            case "values": .map(["where": .map(["city": Self.texts(100_000)])])
            case "no values": .map(["where": .map(["city": .list([])])])
            default: .text("all")
            }
        let change: (String, Value) =
            what == "relations"
            ? ("relate", .map(["relation": .text("friends"), "to": Self.texts(100_000)])) : ("remember", .text("x"))
        let error = #expect(throws: UserError.self) {
            try Intervention(.map(["agents": agents, change.0: change.1]), at: "here")
        }
        let place = what == "relations" ? "here.relate.to" : "here.agents"
        #expect(error?.place.hasPrefix(place) == true && error?.what.contains("1 to") == true, "\(error?.what ?? "")")
    }

    @Test func valuesMayHoldListsAndMappingsAsDeepAsAConfigurationWritesThem() throws {
        let deepest = try Intervention(
            .map(["agents": .text("environment"), "set": .map(["price": Self.nested(6)])]), at: "here")
        #expect(deepest.effects == [.set(field: "price", value: Self.nested(6))])
    }

    @Test func ofAFieldThatTypesHaveInDifferentKindsEachTypesOwnIsMeant() throws {
        func type(_ name: String, _ kind: FieldDefinition.Kind) -> AgentTypeDefinition {
            AgentTypeDefinition(
                name: name,
                fields: [
                    FieldDefinition(
                        "skills", kind, mutability: .dynamic, initial: kind == .list ? .list([]) : .text(""))
                ])
        }
        let (list, text) = (type("lists", .list), type("texts", .text))
        for types in [[list, text], [text, list]] {
            let population = try Population(
                types.map { type in
                    .init(
                        type: type, records: [ProfileRecord(id: "\(type.name)-0", values: [:], type: type)], count: 1)
                })
            func changed(_ agents: String, _ value: Value) throws -> [Model.Operation] {
                let intervention = try Intervention(
                    .map(["agents": .text(agents), "set": .map(["skills": value])]), at: "here")
                try intervention.check(population: population, types: types, relations: [], at: "here")
                return intervention.operations(for: population, types: types, time: 0).map(\.operation)
            }
            #expect(try changed("texts", .text("Swift")) == [.set(field: "skills", value: .text("Swift"))])
            let swift = Value.list([.text("Swift")])
            #expect(
                try changed("lists", swift) == [
                    .set(field: "skills", value: swift), .set(field: "skills_text", value: .text("Swift")),
                ])
        }
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
