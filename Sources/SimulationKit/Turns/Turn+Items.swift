import Model

/// Search among the items of a collection.
extension Turn {
    /// The agents of a collection whose texts are nearest to `text`, nearest first; copies of one text count once.
    public func nearest(_ collection: String, to text: String, count: Int) async throws -> [AgentID] {
        let (items, places) = try await search(collection, text, count)
        return try places.map { place in
            guard let agent = items.agent(at: place) else {
                throw TurnFailed(.init(reason: .scenarioError, text: "an item of \(collection) is no agent"))
            }
            return agent
        }
    }

    /// The items of a collection whose texts are nearest to `text`, nearest first, by their places in the collection's
    /// definition; copies of one text count once.
    public func nearestItems(_ collection: String, to text: String, count: Int) async throws -> [Int] {
        try await search(collection, text, count).places
    }

    private func search(
        _ collection: String, _ text: String, _ count: Int
    ) async throws -> (items: ItemCollection, places: [Int]) {
        guard let items = assets.collections[collection] else {
            throw TurnFailed(.init(reason: .scenarioError, text: "there is no collection named \(collection)"))
        }
        let query = try await embed([text])
        var generator = try generator()
        return (items, items.nearest(to: query[0], count: count, generator: &generator))
    }

    /// What the agent remembers of late: its short-term memory, the oldest entry first.
    public var recentMemories: [String] { log.state.memory.short.map(\.text) }
}
