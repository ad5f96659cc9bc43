import Foundation
import Model
import ServiceRuntime
import Support
import TestKit
import Testing

@testable import CoordinatorRole

@Suite struct StoriesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func records(_ text: String, _ name: String = "people.jsonl") throws -> [StoryRecord] {
        let path = "\(folder.path)/\(name)"
        try AtomicFile.write(Array(text.utf8), to: path)
        return try StoryPopulation(file: path, field: "background").records
    }

    private func settings(seed: UInt64 = 1) -> StorySettings {
        StorySettings(
            population: "p", template: "t", field: "background", seed: seed, model: "m", temperature: 700,
            maxTokens: 400)
    }

    private func entry(_ record: Int, _ story: String?, attempts: UInt32 = 1) -> StoryEntry {
        StoryEntry(
            record: record, id: nil, model: "m", seed: 9, attempts: attempts, prompt: "Who?", story: story,
            failure: story == nil ? "the answer is empty" : nil, promptTokens: 2, completionTokens: 3)
    }

    @Test func tablesAreReadAsTheKindsThatTheirColumnsAre() throws {
        let read = try records(
            "id,zip,age,size,is_free,skills,code\n7,01234,30,1,true,\"[\"\"a\"\"]\",1\n8,55555,,1.5,false,,x\n",
            "people.csv")
        #expect(
            read.map { String(decoding: $0.line("background", "S"), as: UTF8.self) } == [
                #"{"id":"7","zip":"01234","age":30,"size":1,"is_free":true,"skills":["a"],"code":"1","background":"S"}"#
                    + "\n",
                #"{"id":"8","zip":"55555","size":1.5,"is_free":false,"code":"x","background":"S"}"# + "\n",
            ])
    }

    @Test(arguments: [
        #"{"id":"a"}"# + "\n" + #"{"name":"b"}"#, #"{"id":"a"}"# + "\n" + #"{"id":"a"}"#, #"{"id":"a~2"}"#, "[1]", "",
        #"{"id":"a","id":"a"}"#, #"{"id":"a","background":"told"}"#, "{",
    ])
    func recordsThatCannotBeToldApartOrAreToldAlreadyAreRefused(text: String) throws {
        let error = #expect(throws: UserError.self) { try records(text) }
        #expect(error?.exitCode == .dataError)
        #expect(error?.advice.isEmpty == false)
    }

    @Test func aRecordKeepsItsSeedsWhereverItStands() throws {
        let first = try records(#"{"id":"a"}"# + "\n" + #"{"id":"b"}"#)
        let second = try records(#"{"id":"b"}"# + "\n" + #"{"id":"a"}"#)
        func seeds(_ record: StoryRecord, _ earlier: UInt32 = 0) -> [UInt64] {
            StoryCalls.seeds(of: record, seed: RunSeed(3), earlier: earlier)
        }
        #expect(seeds(first[0]) == seeds(second[1]))
        #expect(Set(seeds(first[0])).isDisjoint(with: seeds(first[1])))
        // A request after one that failed has seeds of its own.
        #expect(Set(seeds(first[0])).isDisjoint(with: seeds(first[0], 3)))
        #expect(StoryCalls.seeds(of: first[0], seed: RunSeed(4), earlier: 0) != seeds(first[0]))
    }

    @Test func templatesSeeEveryFieldAndNoOther() throws {
        let read = try records(
            #"{"id":"a","cv":{"school":"York","jobs":[{"title":"smith"}]}}"# + "\n" + #"{"id":"b","age":3}"#)
        let path = "\(folder.path)/t.mustache"
        func template(_ text: String) throws -> StoryTemplate {
            try AtomicFile.write(Array(text.utf8), to: path)
            return try StoryTemplate(file: path, records: read)
        }
        let text = "{{id}} {{number}} {{cv.school}}{{#cv}}{{#jobs}} {{title}}{{/jobs}}{{/cv}}{{^cv}}{{age}}{{/cv}}"
        let asked = try template(text)
        #expect(read.map(asked.prompt) == ["a 1 York smith", "b 2 3"])
        #expect(try template("{{profile}}|{{cv_text}}").prompt(for: read[1]) == "age: 3|")
        #expect(throws: UserError.self) { try template("{{cv.scool}}") }
        #expect(throws: UserError.self) { try template("{{#cv}") }
        #expect(try StoryTemplate(file: nil, records: read).prompt(for: read[0]).hasSuffix("school: York\n"))
    }

    @Test func anAnswerIsInOneFileBeforeItIsInTheOther() throws {
        let out = "\(folder.path)/told.jsonl"
        let read = try records(#"{"id":"a"}"# + "\n" + #"{"id":"b"}"# + "\n" + #"{"id":"c"}"#)
        do {
            var files = try StoryFiles(out: out, records: read, settings: settings())
            #expect(throws: UserError.self) { try StoryFiles(out: out, records: read, settings: settings()) }
            try files.begin(settings())
            try files.append(entry(2, "B"))
            try files.append(entry(1, nil, attempts: 3))
            #expect(files.written == 0)
        }
        var files = try StoryFiles(out: out, records: read, settings: settings())
        #expect(files.progress.settings == settings())
        #expect(files.progress.attempts == [1: 3] && files.progress.stories == [2: "B"])
        try files.append(entry(1, "A", attempts: 4))
        #expect(files.written == 2)
        #expect(
            try String(contentsOfFile: out, encoding: .utf8)
                == #"{"id":"a","background":"A"}"# + "\n" + #"{"id":"b","background":"B"}"# + "\n")
    }

    @Test(arguments: [1, 40]) func aTornLineIsNotCountedAndAWholeOneIs(missing: Int) throws {
        let out = "\(folder.path)/told.jsonl"
        let read = try records(#"{"id":"a"}"# + "\n" + #"{"id":"b"}"#)
        let log = StoryFiles.logPath(of: out)
        do {
            var files = try StoryFiles(out: out, records: read, settings: settings())
            try files.begin(settings())
            for number in 1...2 { try files.append(entry(number, "S")) }
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: log))
        try whole.dropLast(missing).write(to: URL(fileURLWithPath: log))
        try FileManager.default.removeItem(atPath: out)
        do {
            var files = try StoryFiles(out: out, records: read, settings: settings())
            #expect(files.written == (missing == 1 ? 2 : 1))
            if missing > 1 { try files.append(entry(2, "S")) }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: log)) == whole)
    }

    @Test func aDamagedLineIsNamed() throws {
        var progress = StoryProgress(file: "told.stories.jsonl")
        #expect(throws: UserError.self) { try progress.take(line: Array("{}".utf8)) }
        var other = StoryProgress(file: "told.stories.jsonl")
        try other.take(
            line: Array(
                #"{"format":1,"population":"p","template":"t","field":"f","seed":1,"temperature":1,"max_tokens":2}"#
                    .utf8))
        let error = #expect(throws: UserError.self) { try other.take(line: Array("nonsense".utf8)) }
        #expect(error?.place == "told.stories.jsonl:2")
    }

    @Test func storiesThatTookAllTheirTokensAreCounted() throws {
        let record = try records(#"{"id":"a"}"#)[0]
        var tally = StoryTally()
        tally.count(entry(1, "S"), of: record, earlier: 0, allowed: 3)
        tally.count(entry(1, "S"), of: record, earlier: 0, allowed: 4)
        // Two attempts share what the answer says that they took.
        tally.count(entry(1, "S", attempts: 5), of: record, earlier: 3, allowed: 3)
        tally.count(entry(1, nil, attempts: 3), of: record, earlier: 0, allowed: 1)
        #expect(tally.asked == 4 && tally.full == 1 && tally.promptTokens == 8 && tally.completionTokens == 12)
        let error = #expect(throws: UserError.self) { try tally.check(kept: 3, isStopped: false, at: "told.jsonl") }
        #expect(error?.what == "no story for a (the answer is empty)" && error?.exitCode == .temporaryFailure)
    }

    @Test func theSettingThatDiffersIsNamed() throws {
        try settings().check(against: settings(), file: "x")
        let error = #expect(throws: UserError.self) { try settings(seed: 2).check(against: settings(), file: "x") }
        #expect(error?.what.contains("--seed: 1, and now 2") == true)
    }

    @Test(arguments: [
        [], ["a.jsonl"], ["a.jsonl", "--out", "b", "--llm", "localhost"],
        ["a.jsonl", "--out", "b", "--llm", "emulator", "--field", "id"],
        ["a.jsonl", "--out", "b", "--llm", "emulator", "--limit", "0"],
        ["a.jsonl", "--out", "b", "--llm", "http://x", "--emulator-args", "--seed 1"],
    ])
    func whatMakesNoSenseIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try StoriesCommand.parse(arguments) }
    }
}
