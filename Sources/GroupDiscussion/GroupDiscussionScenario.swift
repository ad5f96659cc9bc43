import Model
import SimulationKit
import Support

/// Group discussion: chat rooms with an announcement, in which members talk until the limit or until all but one have
/// left. Each round every room meets once; members bring what they remember of the rounds before.
public struct GroupDiscussionScenario: Scenario {
    public static let name = "group-discussion"

    public static let parameters = [
        ParameterDefinition("lines", .int(default: 12, 1...500), about: "Most lines of a discussion."),
        ParameterDefinition(
            "order", .text(default: "by-mention"),
            about: "Who speaks next: by-mention (\"@Ada\", else one after the other), round-robin or random."),
        ParameterDefinition(
            "history", .text(default: "since-joining"), about: "What members hear: since-joining, or all."),
        ParameterDefinition(
            "script", .bool(default: false), about: "One call writes the whole discussion, in the third person."),
        ParameterDefinition("end_word", .text(default: "GOODBYE"), about: "Who says this leaves the room."),
    ]

    /// Names of the types of agents.
    enum AgentTypes {
        static let member = "member"
        static let room = "room"
    }

    private static let orders: [String: ConversationRules.Order] = [
        "by-mention": .byMention, "round-robin": .roundRobin, "random": .random,
    ]
    private static let histories: [String: ConversationRules.History] = ["since-joining": .sinceJoining, "all": .all]

    private let rules: ConversationRules
    private let members = RoomMembers()

    public init(parameters: ScenarioParameters) throws {
        rules = ConversationRules(
            mode: parameters.bool("script") ? .script : .agents,
            order: try Self.choice("order", of: Self.orders, parameters),
            history: try Self.choice("history", of: Self.histories, parameters),
            limit: parameters.int("lines"), endWord: parameters.text("end_word"))
    }

    private static func choice<Choice>(
        _ name: String, of choices: [String: Choice], _ parameters: ScenarioParameters
    ) throws -> Choice {
        guard let choice = choices[parameters.text(name)] else {
            throw UserError(
                "scenario.parameters.\(name) is unknown", at: "scenario.parameters.\(name)",
                advice: "one of \(choices.keys.sorted().joined(separator: ", "))", exitCode: .configuration)
        }
        return choice
    }

    public var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: AgentTypes.member,
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("role", .text, visibility: .everyone),
                    FieldDefinition("room", .text, visibility: .everyone),
                    FieldDefinition("joins_after", .int, visibility: .everyone, initial: .int(0)),
                    FieldDefinition("character", .text, initial: .text("")),
                ]),
            AgentTypeDefinition(
                name: AgentTypes.room,
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("topic", .text, visibility: .everyone),
                    FieldDefinition("announcement", .text, visibility: .everyone, initial: .text("")),
                ]),
        ]
    }

    public var templates: [TemplateDefinition] {
        agentTypes.filter { $0.name == AgentTypes.member }.flatMap { type in
            ["instruction", "profile"].map { TemplateDefinition("member.\($0)", fields: type.templateFields) }
        }
    }

    /// Members talk where their rooms have them talk.
    public func acts(type: String) -> Bool { type == AgentTypes.room }

    public func act(_ turn: Turn) async throws {
        let present = members.of(turn.text("name"), in: turn.assets.population)
        // One person has nobody to talk to.
        guard present.count > 1 else { return }
        var rules = rules
        for member in present {
            guard let after = turn.publicProfile(of: member)["joins_after"]?.int, after > 0 else { continue }
            rules.joining[member] = Int(clamping: after)
        }
        _ = try await turn.converse(
            with: present, about: turn.text("topic"), rules: rules, announcement: turn.text("announcement"),
            isTakingPart: false)
    }

    public var quotedEvent: String? { ConversationEvents.line }

    public func summary(of events: [String: UInt64]) -> [String] {
        [
            "discussions       \(events[ConversationEvents.conversation] ?? 0)",
            "lines             \(events[ConversationEvents.line] ?? 0)",
        ]
    }

    public func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        let rooms = agentsByType[AgentTypes.room] ?? 0
        let calls = rules.mode == .script ? 1 : rules.limit
        return RoundEstimate(
            calls: (rooms, rooms * calls, rooms * calls), promptTokens: 600,
            memories: agentsByType[AgentTypes.member] ?? 0)
    }
}
