import SimulationKit

extension RecommendationScenario {
    public var templates: [TemplateDefinition] {
        let film = ["film", "genres"]
        let prompts =
            agentTypes.flatMap { type in
                ["instruction", "profile"].map {
                    TemplateDefinition("\(type.name).\($0)", fields: type.templateFields)
                }
            } + [
                TemplateDefinition("action", fields: ["films", "friends"]),
                TemplateDefinition("pick", fields: ["films", "films.number", "films.film", "films.genres"]),
                TemplateDefinition("feel", fields: film),
                TemplateDefinition("rate", fields: film + ["feeling"]),
                TemplateDefinition(
                    "friend", fields: ["friends", "friends.number", "friends.name", "friends.occupation"]),
                TemplateDefinition("post", fields: []),
            ]
        let memories = [
            ("rated", film + ["feeling", "stars"]), ("declined", ["films", "films.film"]), ("posted", ["text"]),
            ("post_read", ["author", "text"]),
        ]
        return prompts + memories.map { TemplateDefinition("memories/\($0.0)", fields: $0.1) }
    }
}
