import Foundation
import Glibc
import Support
import Testing

/// Background stories of a population, against the emulator.
@Suite(.serialized) struct StoriesTests {
    /// Answers after which the emulator stands still, where it is told to.
    private static let middle = 7

    private let coordinator: Coordinator
    private let people: String

    init() throws {
        coordinator = try Coordinator()
        people = coordinator.path("people.jsonl")
        let lines = (1...20).map {
            #"{"id":"p\#($0)","name":"Person \#($0)","skills":["to read","to write"],"age":\#(20 + $0)}"#
        }
        try (lines.joined(separator: "\n") + "\n").write(toFile: people, atomically: true, encoding: .utf8)
    }

    private func arguments(_ out: String, _ further: [String] = [], emulator: String = "") -> [String] {
        ["stories", people, "--llm", "emulator", "--out", coordinator.path(out), "--quiet"] + further
            + ["--emulator-args", "--served \(coordinator.path("served")) \(emulator)"]
    }

    private func tell(_ out: String, _ further: [String] = []) async throws -> Coordinator.Ending {
        try await coordinator.call(arguments(out, further))
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: coordinator.path(file), encoding: .utf8)
    }

    private func lines(_ file: String) -> Int { (try? text(file).split(separator: "\n").count) ?? 0 }

    private func objects(_ file: String) throws -> [[String: Any]] {
        try text(file).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Answers of the emulator that somebody got since the last time. Whoever dies leaves further ones, which the
    /// emulator writes down too where it notices before it dies itself.
    private func answered() throws -> Int {
        let file = coordinator.path("served")
        guard FileManager.default.fileExists(atPath: file) else { return 0 }
        let count = try objects("served").count { $0["delivered"] as? Bool == true }
        try FileManager.default.removeItem(atPath: file)
        return count
    }

    @Test func everybodyGetsAStoryAndItIsSaidHowItCameAbout() async throws {
        let ending = try await tell("told.jsonl")
        #expect(ending.status == .exited(0), "\(ending.errors)")
        let told = try objects("told.jsonl")
        #expect(told.map { $0["id"] as? String } == (1...20).map { "p\($0)" })
        #expect(told[3]["age"] as? Int == 24 && told[3]["skills"] as? [String] == ["to read", "to write"])
        let stories = told.compactMap { $0["background"] as? String }
        #expect(stories.count == 20 && stories.allSatisfy { !$0.isEmpty } && Set(stories).count > 1)
        let asked = try objects("told.stories.jsonl")
        #expect(asked.count == 21 && asked[0]["field"] as? String == "background" && asked[0]["seed"] as? Int == 0)
        for line in asked.dropFirst() {
            let number = try #require(line["record"] as? Int)
            #expect(line["id"] as? String == "p\(number)" && line["story"] as? String == stories[number - 1])
            #expect(line["model"] as? String == "emulator" && line["seed"] != nil && line["attempts"] as? Int == 1)
            let prompt = try #require(line["prompt"] as? String)
            #expect(prompt.contains("name: Person \(number)\n") && prompt.contains("skills: to read; to write"))
            #expect(line["prompt_tokens"] as? Int ?? 0 > 0 && line["completion_tokens"] as? Int ?? 0 > 0)
        }
        // The same again asks for nothing; elsewhere it asks for the same, and another seed for something else.
        #expect(try answered() == 20)
        #expect(try await tell("told.jsonl").status == .exited(0))
        #expect(try answered() == 0)
        #expect(try await tell("again.jsonl", ["--in-flight", "1"]).status == .exited(0))
        #expect(try text("again.jsonl") == text("told.jsonl"))
        #expect(try await tell("other.jsonl", ["--seed", "1"]).status == .exited(0))
        #expect(try text("other.jsonl") != text("told.jsonl"))
    }

    @Test func whoIsKilledGoesOnAndPaysForNothingTwice() async throws {
        let held = coordinator.path("held")
        try "\(Self.middle)".write(toFile: held, atomically: true, encoding: .utf8)
        let running = try await coordinator.start(arguments("told.jsonl", emulator: "--parallel 2 --hold \(held)"))
        // The emulator writes down what it served a moment after.
        try await eventually("some were answered") {
            lines("told.stories.jsonl") == Self.middle + 1 && lines("served") == Self.middle
                || running.child.status != nil
        }
        kill(running.child.pid, SIGKILL)
        _ = try await running.ending()
        #expect(try answered() == Self.middle)
        let before = try text("told.jsonl")
        // Death may come in the middle of a line.
        for file in ["told.jsonl", "told.stories.jsonl"] {
            let handle = try #require(FileHandle(forWritingAtPath: coordinator.path(file)))
            handle.seekToEndOfFile()
            handle.write(Data(#"{"id":"p"#.utf8.prefix(file == "told.jsonl" ? 6 : 3)))
            try handle.close()
        }
        let ending = try await tell("told.jsonl")
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(try answered() == 20 - Self.middle)
        #expect(try text("told.jsonl").hasPrefix(before))
        #expect(try await tell("calm.jsonl").status == .exited(0))
        #expect(try text("told.jsonl") == text("calm.jsonl"))
    }

    @Test func whoStopsGetsWhatIsUnderWayAndGoesOnLater() async throws {
        let held = coordinator.path("held")
        try "\(Self.middle)".write(toFile: held, atomically: true, encoding: .utf8)
        let running = try await coordinator.start(
            arguments("told.jsonl", ["--in-flight", "4"], emulator: "--hold \(held)"))
        try await eventually("some were answered") {
            lines("told.stories.jsonl") == Self.middle + 1 || running.child.status != nil
        }
        kill(running.child.pid, SIGINT)
        try await eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
        try FileManager.default.removeItem(atPath: held)
        let stopped = try await running.ending()
        #expect(stopped.status == .exited(130) && stopped.errors.contains("11 stories are kept"), "\(stopped.errors)")
        #expect(try answered() == Self.middle + 4)
        #expect(try await tell("told.jsonl").status == .exited(0))
        #expect(try answered() == 20 - Self.middle - 4)
    }

    @Test func recordsWithoutAStoryAreNamedAndAskedForUnderFurtherSeeds() async throws {
        let failed = try await coordinator.call(arguments("told.jsonl", emulator: "--fault-rate null=0.7"))
        #expect(failed.status == .exited(75), "\(failed.errors)")
        let asked = try objects("told.stories.jsonl").dropFirst()
        let without = asked.filter { $0["story"] == nil }
        let first = try #require(without.compactMap { $0["record"] as? Int }.min())
        #expect(without.count < 20 && without.allSatisfy { $0["failure"] as? String == "the answer is empty" })
        #expect(failed.errors.contains("no story for p") && failed.errors.contains("\(20 - without.count) stories"))
        // Nothing stands for the story that is missing.
        #expect(try objects("told.jsonl").count == first - 1)
        #expect(try await tell("told.jsonl").status == .exited(0))
        #expect(try objects("told.jsonl").count == 20)
        let again = try objects("told.stories.jsonl").dropFirst(21)
        #expect(again.count == without.count && again.allSatisfy { $0["attempts"] as? Int == 4 })
        let seeds = Set(try objects("told.stories.jsonl").dropFirst().compactMap { $0["seed"] as? UInt64 })
        #expect(seeds.count == 20 + without.count)
    }

    @Test func onlyTheSameSettingsGoOn() async throws {
        #expect(try await tell("told.jsonl", ["--limit", "3"]).status == .exited(0))
        #expect(try answered() == 3)
        let template = coordinator.path("life.mustache")
        try "Who is {{name}}?".write(toFile: template, atomically: true, encoding: .utf8)
        for (further, word) in [
            (["--seed", "2"], "--seed"), (["--field", "life"], "--field"), (["--template", template], "template"),
            (["--temperature", "0.2"], "--temperature"), (["--model", "other"], "--model"),
        ] {
            let refused = try await tell("told.jsonl", further)
            #expect(refused.status == .exited(78) && refused.errors.contains(word), "\(refused.errors)")
        }
        #expect(try answered() == 0)
        #expect(try await tell("told.jsonl").status == .exited(0))
        #expect(try answered() == 17)
        try #"{"id":"p1"}"#.write(toFile: people, atomically: true, encoding: .utf8)
        let refused = try await tell("told.jsonl")
        #expect(refused.status == .exited(78) && refused.errors.contains("population"), "\(refused.errors)")
    }

    @Test func aFileThatWasChangedIsNotWrittenOver() async throws {
        #expect(try await tell("told.jsonl", ["--limit", "3"]).status == .exited(0))
        let before = try text("told.jsonl")
        let changed = before.replacing("Person 2", with: "Person X")
        try changed.write(toFile: coordinator.path("told.jsonl"), atomically: true, encoding: .utf8)
        let refused = try await tell("told.jsonl")
        #expect(refused.status == .exited(65) && refused.errors.contains("told.jsonl:2"), "\(refused.errors)")
        #expect(try text("told.jsonl") == changed)
        // It follows from what was asked.
        try FileManager.default.removeItem(atPath: coordinator.path("told.jsonl"))
        #expect(try await tell("told.jsonl", ["--limit", "3"]).status == .exited(0))
        #expect(try text("told.jsonl") == before)
        try FileManager.default.removeItem(atPath: coordinator.path("told.stories.jsonl"))
        #expect(try await tell("told.jsonl").status == .exited(73))
        #expect(try text("told.jsonl") == before)
        #expect(try answered() == 3)
    }

    @Test func aTemplateOfOnesOwnIsCheckedBeforeAnythingIsAsked() async throws {
        let template = coordinator.path("life.mustache")
        try "{{number}}: {{name}}, {{age}}. Why?".write(toFile: template, atomically: true, encoding: .utf8)
        #expect(try await tell("told.jsonl", ["--template", template, "--field", "life"]).status == .exited(0))
        #expect(try objects("told.stories.jsonl").contains { $0["prompt"] as? String == "5: Person 5, 25. Why?" })
        let misspelt = coordinator.path("misspelt.mustache")
        try "Who is\n{{nmae}}?".write(toFile: misspelt, atomically: true, encoding: .utf8)
        let refused = try await tell("else.jsonl", ["--template", misspelt])
        #expect(refused.status == .exited(78) && refused.errors.contains("misspelt.mustache:2"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: coordinator.path("else.jsonl")))
        #expect(!FileManager.default.fileExists(atPath: coordinator.path("else.stories.jsonl")))
    }
}
