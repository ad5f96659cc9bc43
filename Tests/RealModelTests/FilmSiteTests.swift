import Testing

/// A small film site, played by all processes with real chat and embedding models.
@Suite(.serialized, PlayedFilmSite(), .timeLimit(.minutes(5))) struct FilmSiteTests {
    private let recording: Recording

    init() throws { recording = try #require(PlayedFilmSite.recording) }

    @Test func filmsAreRecommendedSeenAndRatedInHalfSteps() throws {
        let calls = try recording.calls()
        let ratings = calls.filter { $0.options.contains("0.5") }
        #expect(!ratings.isEmpty)
        #expect(ratings.count == (try recording.events()["rated"]))
        for call in ratings {
            #expect(call.options.count == 10 && call.options.contains(call.answer ?? ""))
            // What it feels is what it has just said.
            #expect(
                calls.contains { felt in
                    felt.agent == call.agent && felt.kind == "text" && felt.answer.map(call.prompt.contains) == true
                })
        }
    }

    @Test func everyChoiceIsOneOfItsOptions() throws {
        let calls = try recording.calls()
        #expect(calls.allSatisfy { $0.answer != nil })
        for call in calls where !call.options.isEmpty {
            #expect(call.options.contains(call.answer ?? ""), "\(call.agent) answered \(call.answer ?? "nothing")")
        }
    }

    @Test func nobodysPrivateFieldsStandInAnothersPrompt() throws {
        let privateFields = try recording.profiles(["taste", "traits"])
        #expect(privateFields.count == 4)
        for call in try recording.calls() {
            for (agent, secrets) in privateFields {
                for secret in secrets { #expect(call.prompt.contains(secret) == (agent == call.agent)) }
            }
        }
    }
}
