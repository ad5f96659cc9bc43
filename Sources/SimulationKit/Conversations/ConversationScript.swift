import JSON
import Model

/// A script as a model writes it: JSON with a list of lines, each with speaker and text.
enum ConversationScript {
    /// The schema of a script: nobody else speaks, and there are at most `limit` lines.
    static func schema(speakers: [String], limit: Int) -> String {
        let line: JSONValue = [
            "type": "object", "additionalProperties": false, "required": ["speaker", "text"],
            "properties": [
                "speaker": ["type": "string", "enum": .array(speakers.map(JSONValue.string))],
                "text": ["type": "string", "minLength": 1],
            ],
        ]
        let schema: JSONValue = [
            "type": "object", "additionalProperties": false, "required": ["lines"],
            "properties": [
                "lines": ["type": "array", "minItems": 1, "maxItems": .int(Int64(limit)), "items": line]
            ],
        ]
        return String(decoding: schema.serialized(sortedKeys: true), as: UTF8.self)
    }

    /// The lines of a script, nil where it is none or somebody else speaks.
    static func lines(of answer: String, agents: [String: AgentID]) -> [Conversation.Line]? {
        guard let value = try? JSONValue(parsing: Array(answer.utf8)), let list = value["lines"]?.arrayValue else {
            return nil
        }
        var lines: [Conversation.Line] = []
        for element in list {
            guard let name = element["speaker"]?.stringValue, let text = element["text"]?.stringValue,
                let speaker = agents[name]
            else { return nil }
            lines.append(Conversation.Line(speaker: speaker, name: name, text: words(of: text, name: name)))
        }
        return lines
    }

    /// What was said without the speaker's name in front, which models like to write although they are asked not to.
    static func words(of text: String, name: String) -> String {
        let trimmed = text.trimmingWhitespace()
        guard !name.isEmpty, trimmed.hasPrefix(name + ":") else { return trimmed }
        return String(trimmed.dropFirst(name.count + 1)).trimmingWhitespace()
    }
}
