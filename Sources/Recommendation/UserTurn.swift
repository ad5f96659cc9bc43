import Model
import SimulationKit

/// A user's turn of a round.
struct UserTurn {
    typealias Events = RecommendationScenario.Events

    let turn: Turn
    let site: RecommendationScenario

    /// What a user can do.
    private enum Action: String {
        case recommend
        case conversation
        case post
    }

    func act() async throws {
        try readPosts()
        let user = FilmUser(interests: interests, ratings: ratings)
        let friends = try friends()
        var actions: [Action] = user.seen.count < site.catalogue.films.count ? [.recommend] : []
        if !friends.isEmpty { actions += [.conversation, .post] }
        // Who has seen everything and has no friends has nothing to do here.
        guard !actions.isEmpty else { return }
        switch actions[try await choice(of: actions)] {
        case .recommend: try await recommend(to: user)
        case .conversation: try await talk(with: friends)
        case .post: try await post()
        }
    }

    private func choice(of actions: [Action]) async throws -> Int {
        guard actions.count > 1 else { return 0 }
        return try await turn.choose(
            "action", ["films": .bool(actions.contains(.recommend)), "friends": .bool(actions.contains(.post))],
            options: actions.map(\.rawValue), about: RecommendationScenario.topic)
    }

    // MARK: What it knows

    /// Friends of now, in the order of their numbers.
    private func friends() throws -> [AgentID] {
        guard turn.assets.relations[RecommendationScenario.friends] != nil else { return [] }
        return try turn.related(RecommendationScenario.friends)
    }

    /// Its ratings so far.
    private var ratings: [FilmRating] {
        (turn.field("ratings")?.list ?? []).compactMap {
            $0.int.flatMap { FilmRating(packed: $0, films: site.catalogue.films.count) }
        }
    }

    /// Profile and memory in words, by which films are found.
    private var interests: String {
        (["taste", "traits", "occupation"].map(turn.text) + turn.recentMemories).filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    /// Reads what friends have posted in the last round: the first so many, which is a fair draw, since the order of a
    /// merge is one.
    private func readPosts() throws {
        let posts = turn.inbox.filter { $0.subject == Events.posted }
        for post in posts.prefix(site.postsRead) {
            guard let text = post.body["text"] else { continue }
            let author = turn.publicProfile(of: post.sender)["name"] ?? .text("")
            try turn.remember("memories/post_read", ["author": author, "text": text])
            try turn.event(Events.read, ["author": author])
        }
    }

    // MARK: What it does

    private func recommend(to user: FilmUser) async throws {
        let films = try await site.recommender.films(site.offered, for: user, turn)
        let numbered = films.enumerated().map { index, film in
            Value.map(site.catalogue.films[film].fields.merging(["number": .int(Int64(index + 1))]) { $1 })
        }
        try turn.event(Events.asked, ["films": .list(films.map { .text(site.catalogue.films[$0].name) })])
        let picked = try await turn.choose(
            "pick", ["films": .list(numbered)], options: ["none"] + films.indices.map { String($0 + 1) },
            about: RecommendationScenario.topic)
        guard picked > 0 else {
            try turn.remember("memories/declined", ["films": .list(numbered)])
            try turn.event(Events.declined)
            return
        }
        try await see(films[picked - 1], offeredAs: picked)
    }

    private func see(_ place: Int, offeredAs number: Int) async throws {
        let film = site.catalogue.films[place]
        let feeling = Value.text(try await turn.write("feel", film.fields, about: film.name))
        let index = try await turn.choose(
            "rate", film.fields.merging(["feeling": feeling]) { $1 }, options: FilmRating.options, about: film.name)
        let rating = FilmRating(rater: UInt64(turn.agent.number), film: place, halfStars: index + 1)
        try turn.append(.int(rating.packed), to: "ratings")
        try site.recommender.note(rating, turn)
        try turn.remember(
            "memories/rated",
            film.fields.merging(["feeling": feeling, "stars": .text(FilmRating.options[index])]) { $1 })
        try turn.event(
            Events.rated,
            [
                "film": .text(film.name), "rating": .double(rating.stars), "offered_as": .int(Int64(number)),
                "speaker": .text(turn.text("name")), "text": feeling,
            ])
    }

    private func talk(with friends: [AgentID]) async throws {
        var generator = try turn.generator()
        let shown = generator.shuffled(friends).prefix(site.friendsShown)
        let numbered = shown.enumerated().map { index, friend in
            let profile = turn.publicProfile(of: friend)
            return Value.map([
                "number": .int(Int64(index + 1)), "name": profile["name"] ?? .text(""),
                "occupation": profile["occupation"] ?? .text(""),
            ])
        }
        let chosen =
            shown.count == 1
            ? 0
            : try await turn.choose(
                "friend", ["friends": .list(numbered)], options: shown.indices.map { String($0 + 1) },
                about: RecommendationScenario.topic)
        _ = try await turn.converse(
            with: [shown[chosen]], about: RecommendationScenario.topic,
            rules: ConversationRules(limit: site.dialogueLines))
    }

    private func post() async throws {
        let text = Value.text(try await turn.write("post", [:], about: RecommendationScenario.topic))
        let readers = try turn.post(Events.posted, .map(["text": text]), to: RecommendationScenario.friends)
        try turn.remember("memories/posted", ["text": text])
        try turn.event(
            Events.posted,
            ["speaker": .text(turn.text("name")), "text": text, "readers": .int(Int64(readers))])
    }
}
