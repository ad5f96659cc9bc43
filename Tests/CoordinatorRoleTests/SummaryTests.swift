import Foundation
import Support
import TestKit
import Testing
import Wire

@testable import CoordinatorRole

@Suite struct SummaryTests {
    private var report: RunReport {
        RunReport(
            run: "first", folder: "/runs/first", state: "finished", closedRounds: 2, rounds: 2, seconds: 61.25,
            summary: RunSummary(
                events: [NamedCount(name: "hired", count: 3)],
                calls: [NamedCount(name: "choice", count: 1200), NamedCount(name: "text", count: 34)],
                counters: [
                    NamedCount(name: "turns", count: 50), NamedCount(name: "turns_failed", count: 1),
                    NamedCount(name: "database_bytes", count: 2_000_000),
                ], digests: ["aa", "bb"]),
            scenarioLines: ["hired 3"])
    }

    @Test func thePersonsSummarySaysWhatHappenedAndWhereToLook() {
        let text = report.text()
        for part in [
            "finished after round 2 of 2, 1 min 01 s", "  hired 3", "turns: 50, 1 failed",
            "LLM calls: 1,234 (choice 1,200, text 34)", "/runs/first/recording.sqlite (2.0 MB)",
            "coordinator export /runs/first",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func bothSummariesSayHowBudgetsOfPromptsAreKept() throws {
        #expect(report.text().contains("budgets of prompts: estimated, three bytes a token"))
        #expect(try report.json().contains(#""token_budgets":"estimated""#))
        var counted = report
        counted.countsTokens = true
        counted.summary.calls.append(NamedCount(name: "count", count: 7))
        #expect(counted.text().contains("budgets of prompts: counted by the servers, 7 prompts"))
        // No model works for a count.
        #expect(counted.text().contains("LLM calls: 1,234 (choice 1,200, text 34)"))
        #expect(try counted.json().contains(#""token_budgets":"counted""#))
    }

    @Test func theProgramsSummaryIsOneObjectOnOneLine() throws {
        let json = try report.json()
        #expect(!json.contains("\n"))
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect((object?["events"] as? [String: Int]) == ["hired": 3])
        #expect((object?["calls"] as? [String: Int])?["choice"] == 1200)
        #expect((object?["digests"] as? [String]) == ["aa", "bb"])
    }

    @Test(
        arguments: [
            (#"{"speaker":"Ann","text":"Good  \n day\u001b"}"#, #"Ann: "Good day""#), (#"{"speaker":"Ann"}"#, nil),
            (#"{"speaker":1,"text":"x"}"#, nil), ("[]", nil), ("{", nil),
        ] as [(String, String?)])
    func aQuoteIsOneCleanLine(details: String, line: String?) { #expect(Quotes.line(details) == line) }

    @Test func aLongQuoteIsCut() throws {
        let text = String(repeating: "word ", count: 200)
        let line = try #require(Quotes.line(#"{"speaker":"Ann","text":"\#(text)"}"#))
        #expect(line.count < 180)
        #expect(line.hasSuffix("...\""))
    }

    @Test func aFolderOfModelsThatIsNotCompleteIsRefusedWithAdvice() throws {
        let folder = try TemporaryFolder()
        #expect(throws: UserError.self) { try LocalModels(folder: folder.path) }
        let manifest = #"{"server":"s","chat":{"model":"a","file":"c"},"embedding":{"model":"b","file":"e"}}"#
        try manifest.write(toFile: "\(folder.path)/models.json", atomically: true, encoding: .utf8)
        let error = #expect(throws: UserError.self) { try LocalModels(folder: folder.path) }
        #expect(error?.advice.contains("Scripts/models") == true)
        for file in ["s", "c", "e"] { try folder.makeFile(file) }
        _ = try LocalModels(folder: folder.path)
    }

    @Test func theKeyOfLocalServersIsReadableByUsAloneAndAlwaysAnother() throws {
        let folder = try TemporaryFolder()
        let files = ["a", "b"].map { "\(folder.path)/\($0)" }
        for file in files { try LocalModels.writeKey(to: file) }
        let keys = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(keys[0] != keys[1] && keys[0].count > 32)
        let mode = try FileManager.default.attributesOfItem(atPath: files[0])[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func onlyAbandonedFoldersOfOursAreRemoved() throws {
        let folder = try TemporaryFolder()
        for name in ["gensim-abc", "precious"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        SocketFolder.removeAbandoned("\(folder.path)/gensim-abc")
        SocketFolder.removeAbandoned("\(folder.path)/precious")
        SocketFolder.removeAbandoned("\(folder.path)/gensim-abc/../precious")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["precious"])
    }
}
