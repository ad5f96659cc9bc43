import Foundation
import Hashing
import Model
import Recording
import Support
import Testing

@Suite struct ExporterTests {
    private func recorded() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.play(1)
        return fixture
    }

    @Test func everyTableIsWrittenOutInBothFormats() throws {
        let fixture = try recorded()
        let reader = try RecordingReader(path: fixture.path)
        for format in ExportFormat.allCases {
            let folder = fixture.folder + "/out-\(format)"
            let counts = try Exporter(reader).export(as: format, to: folder)
            #expect(counts.map(\.table) == Exporter.tables)
            #expect(counts.first { $0.table == "calls" }?.rows == 6)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(Set(names) == Set(Exporter.tables.map { "\($0).\(format.rawValue)" }))
        }
    }

    @Test func jsonLinesHoldWholePromptsAndTexts() throws {
        let fixture = try recorded()
        let folder = fixture.folder + "/out"
        let reader = try RecordingReader(path: fixture.path)
        _ = try Exporter(reader).export(["calls", "memories", "messages"], as: .jsonl, to: folder)
        func rows(_ table: String) throws -> [[String: Any]] {
            try String(contentsOfFile: "\(folder)/\(table).jsonl", encoding: .utf8).split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
        }
        let call = try #require(try rows("calls").first)
        #expect(
            call["prompt"] as? String == "[system]\nYou look for work. \n[user]\nYour profile: A0. Apply?")
        #expect(call["agent"] as? String == "agent-0")
        #expect(call["kind"] as? String == "choice")
        #expect(call["status"] as? String == "answered")
        #expect(try rows("memories").first?["text"] as? String == "I applied in round 1.")
        #expect(try rows("messages").first?["body"] as? String == #""\"quoted\", and a comma""#)
    }

    @Test func csvQuotesWhatNeedsIt() throws {
        let fixture = try recorded()
        let folder = fixture.folder + "/out"
        _ = try Exporter(RecordingReader(path: fixture.path)).export(["messages"], as: .csv, to: folder)
        let text = try String(contentsOfFile: "\(folder)/messages.csv", encoding: .utf8)
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines[0] == "id,round,turn,n,sender,recipient,subject,body")
        #expect(
            lines[1].hasSuffix(#","hello,"""\""quoted\"", and a comma""""#)
                || lines[1].hasSuffix(#"hello,"""\""quoted\"", and a comma""""#))
        #expect(lines.count == 8)
    }

    @Test func changesOfFieldsAreWrittenAsTheyCome() throws {
        let fixture = try recorded()
        let exporter = Exporter(try RecordingReader(path: fixture.path))
        let changes = [
            FieldChange(round: 1, agent: "a, b", field: "mood", value: .text("so \"so\"")),
            FieldChange(round: 2, agent: "environment", field: "list", value: .list([.int(1), .null])),
        ]
        for format in ExportFormat.allCases {
            let rows = try exporter.exportChanges(as: format, to: fixture.folder + "/out") { body in
                for change in changes { try body(change) }
            }
            #expect(rows == 2)
        }
        let csv = try String(contentsOfFile: fixture.folder + "/out/changes.csv", encoding: .utf8)
        #expect(
            csv == "round,agent,field,value\r\n1,\"a, b\",mood,\"\"\"so \\\"\"so\\\"\"\"\"\"\r\n"
                + "2,environment,list,\"[1,null]\"\r\n")
        let lines = try String(contentsOfFile: fixture.folder + "/out/changes.jsonl", encoding: .utf8)
        #expect(lines.split(separator: "\n").count == 2)
        #expect(lines.hasSuffix(#"{"round":2,"agent":"environment","field":"list","value":"[1,null]"}"# + "\n"))
        // What fails half-way leaves no file under the name of a whole one.
        #expect(throws: CancellationError.self) {
            try exporter.exportChanges(as: .csv, to: fixture.folder + "/half") { body in
                try body(changes[0])
                throw CancellationError()
            }
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.folder + "/half/changes.csv"))
    }

    @Test func anUnknownTableIsNamedWithTheNearestOne() throws {
        let fixture = try recorded()
        let error = try #require(
            #expect(throws: UserError.self) {
                try Exporter(RecordingReader(path: fixture.path)).export(["call"], as: .csv, to: fixture.folder)
            })
        #expect(error.advice.contains("calls"))
        #expect(error.exitCode == .usage)
    }

    @Test func aFolderThatCannotBeMadeIsSaid() throws {
        let fixture = try recorded()
        let reader = try RecordingReader(path: fixture.path)
        #expect(throws: UserError.self) { try Exporter(reader).export(as: .csv, to: fixture.path + "/below-a-file") }
    }

    @Test func theReaderGivesDigestsEventsAndCounts() throws {
        let fixture = try recorded()
        let reader = try RecordingReader(path: fixture.path)
        #expect(try reader.digestChain().map(\.round) == [1])
        #expect(try reader.summary() == fixture.store.summary())
        #expect(
            try reader.events(named: "applied", limit: 2).map(\.details) == [#"{"job":"clerk"}"#, #"{"job":"clerk"}"#])
        #expect(try reader.run() == fixture.store.run())
        #expect(throws: UserError.self) { try RecordingReader(path: fixture.folder + "/nothing.sqlite") }
    }
}
