import Foundation
import TestKit
import Testing

/// Scenarios that ship, a few agents each, played by all processes with real chat and embedding models.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SmallPlaysTests {
    /// A configuration of the repository with some of its text replaced, beside what it names.
    private func play(_ name: String, _ options: [String], _ changes: [(String, String)] = []) async throws -> Recording
    {
        let folder = try TemporaryFolder()
        let configs = "\(RealRun.repository)/Configs"
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/\(name)", withDestinationPath: "\(configs)/\(name)")
        var yaml = try String(contentsOfFile: "\(configs)/\(name).yaml", encoding: .utf8)
        for (old, new) in changes {
            #expect(yaml.contains(old), "\(name) has no \(old)")
            yaml = yaml.replacing(old, with: new)
        }
        try (yaml + "llm: { max_reply_tokens: 96 }\n").write(
            toFile: "\(folder.path)/play.yaml", atomically: true, encoding: .utf8)
        try await RealRun.play("\(folder.path)/play.yaml", options, in: folder.path)
        return try Recording(folder: "\(folder.path)/run")
    }

    private func check(_ recording: Recording) throws {
        let calls = try recording.calls()
        #expect(!calls.isEmpty && calls.allSatisfy { $0.answer != nil })
        for call in calls where !call.options.isEmpty { #expect(call.options.contains(call.answer ?? "")) }
    }

    @Test func aGroupGivesToTheCommonPotAndIsPaidFromIt() async throws {
        let recording = try await play("public-goods", ["--agents", "4", "--rounds", "2"])
        try check(recording)
        let gifts = try recording.calls().filter { $0.prompt.contains("How many of your coins") }
        #expect(gifts.count == 8)
        #expect(
            try recording.calls().contains { $0.prompt.contains("gave") && $0.prompt.contains("in the last round") })
        #expect(try recording.events()["round_of_giving"] == 2)
    }

    @Test func whoHasNoWorkIsNotAskedAboutIt() async throws {
        let recording = try await play("survey", ["--agents", "6"])
        try check(recording)
        let calls = try recording.calls()
        let working = Set(
            calls.filter { ["employed", "self-employed"].contains($0.answer) && !$0.options.isEmpty }.map(\.agent))
        let asked = Set(calls.filter { $0.prompt.contains("How many hours did you work") }.map(\.agent))
        #expect(asked == working)
    }

    @Test func aTownHearsWhatItsNeighboursThink() async throws {
        let recording = try await play(
            "opinion-dynamics", ["--agents", "6", "--rounds", "2"], [("neighbours: 6", "neighbours: 2")])
        try check(recording)
        #expect(try recording.calls().contains { $0.prompt.contains(" says ") })
        #expect(try recording.events()["town"] == 2)
    }

    @Test func colleaguesTalkInTurn() async throws {
        let recording = try await play("group-discussion", ["--rounds", "1"], [("lines: 12", "lines: 4")])
        try check(recording)
        #expect(try recording.events()["conversation_line", default: 0] == 4)
    }
}
