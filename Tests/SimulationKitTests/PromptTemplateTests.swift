import Foundation
import Model
import Mustache
import Support
import Testing

@testable import SimulationKit

@Suite struct PromptTemplateTests {
    static func rendered(_ source: String, _ fields: [String: Value]) throws -> String {
        try PromptTemplate(source, place: TemplatePlace(file: "t")).rendered(with: .map(fields))
    }

    @Test func everyTemplateThatShipsRendersAsTheMustacheLibraryRendersIt() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Configs")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "mustache" {
            let source = try String(contentsOf: file, encoding: .utf8)
            let names = Set(source.matches(of: /\{\{[#^\/]?([a-z_]+)\}\}/).map { String($0.1) })
            let template = try PromptTemplate(source, place: TemplatePlace(file: file.path))
            let reference = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + source)
            let element: [String: String] = Dictionary(uniqueKeysWithValues: names.map { ($0, "<\($0)> & \"more\"") })
            for count in 0...2 {
                // Names of lists are those that open a section somewhere.
                var ours: [String: Value] = [:]
                var theirs: [String: Any] = [:]
                for name in names {
                    if source.contains("{{#\(name)}}") {
                        let fields = Value.map(element.mapValues { .text($0) })
                        ours[name] = .list(Array(repeating: fields, count: count))
                        theirs[name] = Array(repeating: element, count: count)
                    } else {
                        ours[name] = .text(element[name] ?? "")
                        theirs[name] = element[name]
                    }
                }
                #expect(template.rendered(with: .map(ours)) == reference.render(theirs), "\(file.lastPathComponent)")
            }
            count += 1
        }
        #expect(count > 30)
    }

    @Test func sectionsFollowListsMapsAndTruth() throws {
        #expect(try Self.rendered("{{#a}}x{{/a}}{{^a}}y{{/a}}", ["a": .bool(true)]) == "x")
        #expect(try Self.rendered("{{#a}}x{{/a}}{{^a}}y{{/a}}", ["a": .list([])]) == "y")
        #expect(try Self.rendered("{{#a}}x{{/a}}{{^a}}y{{/a}}", [:]) == "y")
        #expect(try Self.rendered("{{#a}}{{b}}{{c}}{{/a}}", ["a": ["b": 1], "c": 2]) == "12")
        #expect(try Self.rendered("{{#a}}[{{.}}]{{/a}}", ["a": ["p", "q"]]) == "[p][q]")
        #expect(try Self.rendered("{{a.b}}|{{{a.b}}}|{{& a.b}}|{{a.c}}", ["a": ["b": "<&>"]]) == "<&>|<&>|<&>|")
    }

    @Test func tagsAloneOnALineTakeTheLineWithThem() throws {
        let source = "one\r\n  {{#a}}  \r\n{{.}}\n{{/a}}\n{{! said to nobody }}\ntwo{{#a}} {{/a}}\n"
        #expect(try Self.rendered(source, ["a": ["x", "y"]]) == "one\r\nx\ny\ntwo  \n")
    }

    @Test(arguments: [
        ("a\n{{name", "t:2: a tag is opened by {{ and never closed"),
        ("\n\n{{#a}}x", "t:3: the section a is never closed"),
        ("{{#a}}\n{{/b}}", "t:2: {{/b}} closes no open section"),
        ("{{/a}}", "t:1: {{/a}} closes no open section"),
        ("{{> other}}", "t:1: templates cannot include one another"),
        ("{{=<% %>=}}", "t:1: this kind of tag is not understood"),
        ("{{a b}}", "t:1: {{a b}} names no field"),
        ("{{}}", "t:1: {{}} names no field"),
    ])
    func brokenTemplatesAreRefusedWithTheirLine(source: String, message: String) {
        let error = #expect(throws: UserError.self) { try PromptTemplate(source, place: TemplatePlace(file: "t")) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        #expect(error?.exitCode == .configuration)
    }

    @Test func aFieldThatDoesNotExistIsRefusedWithTheNearestOne() throws {
        let fields: Set = ["title", "lines", "lines.speaker", "lines.text"]
        let good = try PromptTemplate(
            "{{title}}{{#lines}}{{speaker}}{{title}}{{/lines}}", place: TemplatePlace(file: "t"))
        try good.check(fields: fields)
        let typo = try PromptTemplate("{{title}}\n{{#lines}}\n{{speeker}}{{/lines}}", place: TemplatePlace(file: "t"))
        let error = #expect(throws: UserError.self) { try typo.check(fields: fields) }
        #expect(error?.place == "t:3")
        #expect(error?.advice.contains("did you mean speaker?") == true)
        let outside = try PromptTemplate("{{speaker}}", place: TemplatePlace(file: "t"))
        #expect(throws: UserError.self) { try outside.check(fields: fields) }
    }

    @Test func aLibraryWantsExactlyTheDeclaredTemplates() throws {
        let definitions = [TemplateDefinition("seek", fields: []), TemplateDefinition("extra", fields: [])]
        func library(_ sources: [String: String]) throws -> PromptLibrary {
            try PromptLibrary(sources: sources, definitions: definitions, optional: ["extra"], folder: "p")
        }
        let prompts = try library(["seek": "Do you?"])
        #expect(prompts.render("seek", fields: .map([:])) == "Do you?")
        #expect(prompts.has("seek") && !prompts.has("extra"))
        #expect(throws: UserError.self) { try library([:]) }
        let stray = #expect(throws: UserError.self) { try library(["seek": "", "sek": ""]) }
        #expect(stray?.advice.contains("did you mean seek?") == true)
    }

    @Test func listsAndMapsReadAsAPersonWritesThem() {
        let cv: Value = [
            "Skills": ["Triage", "German B2"], "Education": "Nursing",
            "Work": [["Company": "Klinikum", "Time": "2022"], ["Company": "Hospital"]],
        ]
        #expect(
            cv.readableText == """
                Education: Nursing
                Skills: Triage; German B2
                Work:
                - Company: Klinikum, Time: 2022
                - Company: Hospital
                """)
    }

    @Test func tokensAreOverestimatedRatherThanUnderestimated() {
        let text = String(repeating: "word ", count: 100)
        #expect(TokenEstimator.tokens(in: text) >= 125)
        let messages = [PromptMessage(role: .user, segments: [text, text])]
        #expect(TokenEstimator.tokens(in: messages) >= 2 * 125)
        #expect(TokenEstimator.tokens(in: "") == 0)
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByIntegerLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .map(Dictionary(uniqueKeysWithValues: elements))
    }
    public init(integerLiteral value: Int64) { self = .int(value) }
}
