import Testing

/// The quick start's round, played by all processes with real chat and embedding models.
@Suite(.serialized, PlayedQuickstart(), .timeLimit(.minutes(5))) struct RealModelTests {
    private let recording: Recording

    init() throws { recording = try #require(PlayedQuickstart.recording) }

    /// Interviews that went through both lines, one by each side.
    private func wholeInterviews() throws -> [[Recording.Line]] {
        let names = Set(try recording.names().values)
        return try recording.interviews().filter { lines in
            lines.count == 2 && lines[0].speaker == "Interviewer" && names.contains(lines[1].speaker)
                && lines.allSatisfy { !$0.text.isEmpty }
        }
    }

    @Test func bothSpeakInAnInterviewWhichEndsInADecision() throws {
        let interviews = try wholeInterviews()
        #expect(!interviews.isEmpty)
        #expect(interviews.count == (try recording.events()["interviewed"]))
        let choices = try recording.calls().filter { $0.kind == "choice" && $0.agentType == "interviewer" }
        for lines in interviews {
            // The interviewer decides with everything before it that was said.
            let decisions = choices.filter { call in lines.allSatisfy { call.prompt.contains($0.text) } }
            #expect(decisions.contains { $0.answer == "yes" || $0.answer == "no" }, "\(lines)")
        }
    }

    @Test func whatWasSaidIsWhatTheModelAnswered() throws {
        let answers = Set(try recording.calls().filter { $0.kind == "text" }.compactMap(\.answer))
        let said = Set(try recording.interviews().flatMap { $0 }.map(\.text))
        #expect(!said.isEmpty)
        #expect(said.isSubset(of: answers))
    }

    @Test func anOfferIsMadeAndAcceptedOrDeclined() throws {
        let events = try recording.events()
        #expect(events["offered", default: 0] > 0)
        #expect(events["accepted", default: 0] + events["declined", default: 0] > 0)
        let final = try recording.calls().filter { $0.options.first == "decline" }
        #expect(final.count == events["accepted", default: 0] + events["declined", default: 0])
    }

    @Test func everyChoiceIsOneOfItsOptions() throws {
        let calls = try recording.calls()
        let choices = calls.filter { $0.kind == "choice" }
        #expect(choices.count > 20)
        for call in choices {
            #expect(call.options.count > 1)
            #expect(call.options.contains(call.answer ?? ""), "\(call.agent) answered \(call.answer ?? "nothing")")
        }
        #expect(calls.allSatisfy { $0.answer != nil })
    }

    @Test func theRoundStaysWithinItsBudgetOfCalls() throws {
        #expect(try recording.calls().count <= 150)
    }

    @Test func promptsHoldInstructionProfileMemoryAndObservationInThisOrder() throws {
        let templates = try recording.templates()
        let names = try recording.names()
        let saying = try Saying(recording)
        var remembering = 0
        for call in try recording.calls() {
            let instruction = try #require(templates["\(call.agentType).instruction.mustache"])
            let profile = try #require(templates["\(call.agentType).profile.mustache"]?.split(separator: "\n").first)
            let name = try #require(names[call.agent])
            let prompt = saying.leftOut(of: call.prompt)
            #expect(prompt.hasPrefix("[system]\n\(instruction)"))
            let memory = prompt.contains(Self.memoryHeading) ? [Self.memoryHeading] : []
            var rest = prompt.dropFirst("[system]\n".count + instruction.count)
            for part in [String(profile), name, "\n[user]\n"] + memory + ["# What "] {
                let place = try #require(rest.range(of: part), "\(call.agent): no \(part) where it belongs")
                rest = rest[place.upperBound...]
            }
            #expect(rest.hasPrefix("you decide now\n") || rest.hasPrefix("happens now\n"))
            remembering += memory.count
        }
        #expect(remembering > 10)
    }

    @Test func whatAPromptRemembersIsWhatItsAgentRemembers() throws {
        let saying = try Saying(recording)
        let memories = try recording.memories().mapValues { texts in
            texts.map(saying.leftOut(of:)).sorted { $0.count > $1.count }
        }
        let template = try #require(try recording.templates()["memory.mustache"])
        var recalled = 0
        for call in try recording.calls() {
            let prompt = saying.leftOut(of: call.prompt)
            guard let start = prompt.range(of: Self.memoryHeading)?.lowerBound else { continue }
            var section = String(prompt[start...])
            for text in memories[call.agent] ?? [] where section.contains("- \(text)\n") {
                section = section.replacing("- \(text)\n", with: "")
                recalled += 1
            }
            let observation = try #require(section.range(of: "\n# What ")?.lowerBound)
            for line in section[..<observation].split(separator: "\n") {
                #expect(template.contains(line), "\(call.agent) remembers what is not its own: \(line)")
            }
        }
        #expect(recalled > 10)
    }

    @Test func embeddingsAreUnitVectorsOfTheModelsDimension() throws {
        let (dimension, vectors) = try recording.vectors()
        #expect(dimension == 384)
        #expect(vectors.count >= 4)
        for vector in vectors {
            #expect(vector.count == dimension)
            let square = vector.reduce(0) { $0 + $1 * $1 }
            // Half floats keep eleven bits.
            #expect(abs(square - 1) < 2e-3)
        }
        #expect(Set(vectors).count == vectors.count)
    }

    private static let memoryHeading = "# What you remember\n"

    /// What agents said: a small model likes to repeat its prompt, headings and all.
    private struct Saying {
        private let texts: [String]

        init(_ recording: Recording) throws {
            let answers = try recording.calls().filter { $0.kind == "text" }.compactMap(\.answer).filter { !$0.isEmpty }
            texts = Set(answers).sorted { ($1.count, $0) < ($0.count, $1) }
        }

        /// A text that quotes what was said, without the quotes.
        func leftOut(of text: String) -> String {
            texts.reduce(text) { $0.replacing($1, with: "...") }
        }
    }
}
