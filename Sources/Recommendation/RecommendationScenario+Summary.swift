import SimulationKit

extension RecommendationScenario {
    public var quotedEvent: String? { Events.rated }

    public func summary(of events: [String: UInt64]) -> [String] {
        func count(_ name: String) -> UInt64 { events[name] ?? 0 }
        return [
            "recommendations   \(count(Events.asked)), \(count(Events.declined)) without a film to their liking",
            "ratings           \(count(Events.rated))",
            "talks             \(count(Events.talked))",
            "posts             \(count(Events.posted)), read \(count(Events.read)) times",
        ]
    }

    public func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        let users = agentsByType[Self.user] ?? 0
        // What to do, and a post; what to do, a film, the feeling and the rating; what to do, the friend and the talk.
        let longest = max(4, 2 + dialogueLines)
        return RoundEstimate(
            calls: (users * 2, users * (2 + 4 + 2 + dialogueLines) / 3, users * longest), promptTokens: 600,
            memories: users * (2 + postsRead))
    }
}
