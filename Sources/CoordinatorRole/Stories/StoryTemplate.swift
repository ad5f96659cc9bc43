import Foundation
import Hashing
import JSON
import Model
import RunConfiguration
import SimulationKit
import Support

/// How a model is asked for a story.
struct StoryTemplate: Sendable {
    /// The text that is used where none is given. What all records share stands first, for the servers' prefix caches.
    static let standard = """
        You write the lives of people who take part in a study of how a society works. None of them is real.

        Below is what is known of one of them. Write this person's background: where they come from, \
        what has shaped them, how they live now, what they hope for and what \
        worries them. Keep to what is known and contradict none of it; what you add has to be likely.

        Write in the third person, one paragraph of about 120 words, without a heading and without anything else.

        # What is known
        {{profile}}

        """

    /// The template's own fields, beside those of the records. `profile` stands for all fields of the record.
    private static let own = ["profile", "number"]

    /// The text.
    let text: String
    private let template: PromptTemplate

    /// The standard template, or that of a file; throws where it uses a field that none of `records` has.
    init(file: String?, records: [StoryRecord]) throws(UserError) {
        if let file {
            guard let bytes = FileManager.default.contents(atPath: file), bytes.count <= RunSettings.maxBytes,
                let text = String(validating: bytes, as: UTF8.self)
            else {
                throw UserError(
                    "the file cannot be read as text", at: file, advice: "check --template", exitCode: .noInput)
            }
            self.text = text
        } else {
            text = Self.standard
        }
        template = try PromptTemplate(text, place: TemplatePlace(file: file ?? "the template"))
        var fields = Set(Self.own)
        for record in records { Self.collect(.object(record.fields), prefix: "", into: &fields) }
        try template.check(fields: fields)
    }

    /// Content address of the text.
    var hash: Digest128 { contentHash(text) }

    /// The prompt of a record.
    func prompt(for record: StoryRecord) -> String {
        var fields: [String: Value] = [:]
        var lines: [String] = []
        for member in record.fields.members where member.value != .null {
            let value = Value(member.value)
            fields[member.key] = value
            if value.list != nil || value.map != nil { fields[Self.textName(member.key)] = .text(value.readableText) }
            if member.key != "id" { lines.append(Value.map([member.key: value]).readableText) }
        }
        fields["profile"] = .text(lines.joined(separator: "\n"))
        fields["number"] = .int(Int64(record.number))
        return template.rendered(with: .map(fields))
    }

    private static func textName(_ field: String) -> String { "\(field)_text" }

    /// Every name under which a template finds something in `value`: a map's fields with dots, those of a list's
    /// elements within its section.
    private static func collect(_ value: JSONValue, prefix: String, into fields: inout Set<String>) {
        switch value {
        case .object(let object):
            for member in object.members {
                let name = prefix + member.key
                fields.insert(name)
                guard member.value.objectValue != nil || member.value.arrayValue != nil else { continue }
                if prefix.isEmpty { fields.insert(textName(name)) }
                collect(member.value, prefix: name + ".", into: &fields)
            }
        case .array(let elements):
            for element in elements where element.objectValue != nil { collect(element, prefix: prefix, into: &fields) }
        default: break
        }
    }
}
