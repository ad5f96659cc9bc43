import Model
import ScenarioTestKit
import SimulationKit
import Testing

@testable import Recommendation

/// What users do in a round.
@Suite struct UserTurnTests {
    @Test func whoHasFilmsRecommendedSeesOneFeelsAndRatesIt() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("recommend", pick: 2))
        let round = try await site.play(1)
        let rated = round.events("rated")
        #expect(rated.count == site.assets.population.count)
        for (user, details) in zip(site.assets.population.agents, rated) {
            let rating = try #require(site.ratings(of: user).first)
            #expect(site.ratings(of: user) == [rating] && rating.rater == UInt64(user.number))
            // The third option, which is 1.5 stars.
            #expect(details["rating"] == .double(1.5) && rating.halfStars == 3)
            #expect(details["film"] == .text(site.site.catalogue.films[rating.film].name))
            let memories = try #require(round.memories[user])
            let film = try #require(details["film"]?.text)
            #expect(memories.count == 1 && memories[0].contains(film) && memories[0].contains("1.5 of 5"))
            #expect(memories[0].contains("Words of \(site.assets.population.id(of: user)) in round 1."))
        }
    }

    @Test func ratingsAreChosenFromHalfStepsAlone() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("recommend"))
        let scales = try await site.play(1).seen.compactMap { seen -> [String]? in
            guard case .choice(let options) = seen.spec.constraint, options.contains("0.5") else { return nil }
            return options
        }
        #expect(scales.count == site.assets.population.count)
        #expect(scales.allSatisfy { $0 == FilmRating.options })
    }

    @Test func whoLikesNoneOfTheFilmsSeesNone() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("recommend", pick: 0))
        let round = try await site.play(1)
        #expect(round.events("declined").count == site.assets.population.count)
        #expect(round.events("rated").isEmpty)
        #expect(round.memories.values.allSatisfy { $0.count == 1 && $0[0].contains("none of them") })
    }

    @Test(arguments: ["embedding", "popularity", "random", "matrix-factorisation"])
    func noFilmIsSeenTwiceAndSoManyAreOffered(recommender: String) async throws {
        let package = try ScriptedSite.package {
            $0.replacing("recommender: embedding", with: "recommender: \(recommender)")
                .replacing("offered: 5", with: "offered: 3")
        }
        let site = try ScriptedSite(package, rule: Answers.all("recommend"))
        var seen: [AgentID: [Int]] = [:]
        for number in 1...6 as ClosedRange<UInt32> {
            for offer in try await site.play(number).events("recommendation") {
                #expect(offer["films"]?.list?.count == 3)
                #expect(Set(offer["films"]?.list ?? []).count == 3)
            }
            for user in site.assets.population.agents {
                let films = site.ratings(of: user).map(\.film)
                #expect(films.count == Int(number) && films.dropLast() == seen[user, default: []][...])
                seen[user] = films
            }
        }
        #expect(seen.values.allSatisfy { Set($0).count == $0.count })
    }

    @Test func whoHasSeenEverythingIsOfferedNoMoreFilms() async throws {
        let films = "title,year,genres\nHeat,1995,Crime\nUp,2009,Family\n"
        let package = try ScriptedSite.package(files: ["recommendation/films.csv": films])
        let site = try ScriptedSite(package, rule: Answers.all("recommend"))
        for round in 1...2 as ClosedRange<UInt32> { _ = try await site.play(round) }
        let last = try await site.play(3)
        #expect(last.events("recommendation").isEmpty)
        #expect(
            last.seen.allSatisfy { seen in
                guard case .choice(let options) = seen.spec.constraint else { return true }
                return !options.contains("recommend")
            })
        #expect(site.assets.population.agents.allSatisfy { Set(site.ratings(of: $0).map(\.film)) == [0, 1] })
    }

    @Test func aTalkIsRememberedByBothFriends() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("conversation"))
        let graph = try #require(site.assets.relations["friends"])
        let round = try await site.play(1)
        #expect(round.events("conversation").count == site.assets.population.count)
        #expect(round.events("conversation_line").count == 4 * site.assets.population.count)
        for tree in round.trees {
            let remembering = tree.orderedOperations.compactMap { entry -> AgentID? in
                if case .remember = entry.operation.operation { entry.operation.target } else { nil }
            }
            let opener = try #require(tree.turns.first?.agent)
            let friend = try #require(remembering.first { $0 != opener })
            #expect(remembering.count == 2 && remembering.contains(opener))
            #expect(graph.neighbours(of: opener).contains(friend))
        }
    }

    @Test func aPostIsReadByAllFriendsInTheNextRound() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("post"))
        let graph = try #require(site.assets.relations["friends"])
        let first = try await site.play(1)
        #expect(first.events("post").count == site.assets.population.count)
        #expect(first.events("post_read").isEmpty)
        let second = try await site.play(2)
        for user in site.assets.population.agents {
            let memories = try #require(second.memories[user])
            let friends = graph.neighbours(of: user)
            let read = friends.count { friend in
                memories.contains { $0.contains("Words of \(site.assets.population.id(of: friend)) in round 1.") }
            }
            #expect(read == min(5, friends.count) && memories.count == read + 1)
        }
    }

    @Test func whoHasNoFriendsIsOnlyAskedWhatToSee() async throws {
        let package = try ScriptedSite.package {
            $0.replacing(
                "  friends: { model: watts-strogatz, neighbours: 4, rewiring: 0.1 }",
                with: "  others: { model: erdos-renyi, mean: 0 }")
        }
        let site = try ScriptedSite(package, rule: Answers.all("recommend"))
        let round = try await site.play(1)
        #expect(round.events("rated").count == site.assets.population.count)
        #expect(round.seen.count == 3 * site.assets.population.count)
    }

    @Test func nobodysPrivateFieldsStandInAnothersPrompt() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.drawn)
        let population = site.assets.population
        var prompts = 0
        for round in 1...4 as ClosedRange<UInt32> {
            for seen in try await site.play(round).seen {
                prompts += 1
                for other in population.agents where other != seen.agent {
                    for field in ["taste", "traits"] {
                        let secret = try #require(population.record(of: other)[field]?.text)
                        #expect(!seen.prompt.contains(secret))
                    }
                }
                let taste = try #require(population.record(of: seen.agent)["taste"]?.text)
                #expect(seen.prompt.contains(taste))
            }
        }
        #expect(prompts > 150)
    }

    @Test func filmsAreFoundByProfileAndMemory() async throws {
        let site = try ScriptedSite(try ScriptedSite.package(), rule: Answers.all("recommend"))
        let population = site.assets.population
        let first = try await site.play(1)
        let second = try await site.play(2)
        for user in population.agents {
            let taste = try #require(population.record(of: user)["taste"]?.text)
            #expect(first.embedded.count { $0.contains(taste) } == 1)
            let film = try #require(site.ratings(of: user).first.map { site.site.catalogue.films[$0.film].name })
            #expect(second.embedded.contains { $0.contains(taste) && $0.contains(film) })
        }
    }
}
