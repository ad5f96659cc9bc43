import SimulationKit

/// Neighbours plan a street party: each round everyone decides whether to help, and whoever does invites a friend.
struct TownScenario: Scenario {
    static let name = "town"

    static let parameters = [
        ParameterDefinition("helpers_needed", .int(default: 5, 1...1_000), about: "Helpers that the party needs.")
    ]

    private let needed: Int

    init(parameters: ScenarioParameters) { needed = parameters.int("helpers_needed") }

    var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: "neighbour",
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("trade", .text, visibility: .everyone),
                    FieldDefinition("character", .text),
                    FieldDefinition("helps", .bool, mutability: .dynamic, initial: .bool(false)),
                ])
        ]
    }

    var templates: [TemplateDefinition] {
        let own = agentTypes[0].templateFields
        return [
            TemplateDefinition("neighbour.instruction", fields: []),
            TemplateDefinition("neighbour.profile", fields: own),
            TemplateDefinition("help", fields: ["helpers", "needed", "invitations", "invitations.text"]),
            TemplateDefinition("invite", fields: ["friend"]),
            TemplateDefinition("memories/helps", fields: []),
        ]
    }

    func act(_ turn: Turn) async throws {
        guard turn.field("helps") != .bool(true) else { return }
        let invitations = turn.inbox.filter { $0.subject == "invitation" }.map { Value.map(["text": $0.body]) }
        let answer = try await turn.choose(
            "help",
            [
                "helpers": turn.world("helpers") ?? .int(0), "needed": .int(Int64(needed)),
                "invitations": .list(invitations),
            ], options: ["no", "yes"], about: "helping at the street party")
        guard answer == 1 else { return }
        try turn.set("helps", to: .bool(true))
        try turn.count(in: "helpers")
        try turn.remember("memories/helps", [:])
        try turn.event("helps")
        try await invite(turn)
    }

    /// Writes to a friend, who reads it in the next round.
    private func invite(_ turn: Turn) async throws {
        let friends = try turn.related("friends")
        guard !friends.isEmpty else { return }
        let friend = friends[try turn.random(below: friends.count)]
        let name = turn.publicProfile(of: friend)["name"] ?? .text("")
        let text = try await turn.write("invite", ["friend": name], about: "helping at the street party")
        try turn.tell(friend, subject: "invitation", body: .text(text))
    }

    func summary(of events: [String: UInt64]) -> [String] { ["helpers           \(events["helps"] ?? 0)"] }

    func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        let agents = agentsByType["neighbour"] ?? 0
        return RoundEstimate(calls: (agents, agents + agents / 2, 2 * agents), promptTokens: 400, memories: agents)
    }
}
