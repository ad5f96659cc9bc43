import JSON
import Model

/// Says a constraint in the words of one kind of server. Field names from the servers' own sources; a server
/// ignores the others' fields in silence, which is why every answer is verified.
struct ConstraintDialect {
    /// The property that holds the answer where a choice has to be put as a JSON object.
    static let answerProperty = "answer"

    var engine: Engine

    /// Adds the fields to the request that is being written. A schema must be JSON text that was parsed before.
    func write(_ constraint: AnswerConstraint, into writer: inout JSONWriter) {
        switch constraint {
        case .free: return
        case .choice(let options): writeChoice(options, into: &writer)
        case .jsonSchema(let schema): writeSchema(Array(schema.utf8), into: &writer)
        }
    }

    private func writeChoice(_ options: [String], into writer: inout JSONWriter) {
        switch engine {
        case .vllm:
            writer.key("structured_outputs")
            writer.beginObject()
            writer.key("choice")
            Self.writeList(options, into: &writer)
            writer.endObject()
        case .vllmOld:
            writer.key("guided_choice")
            Self.writeList(options, into: &writer)
        case .sglang:
            writer.key("regex")
            writer.value("(" + options.map(LiteralPattern.regex).joined(separator: "|") + ")")
        case .llamacpp:
            writer.key("grammar")
            writer.value("root ::= " + options.map(LiteralPattern.gbnf).joined(separator: " | "))
        case .openai:
            writeResponseFormat(into: &writer) { Self.writeChoiceSchema(options, into: &$0) }
        }
    }

    private func writeSchema(_ schema: [UInt8], into writer: inout JSONWriter) {
        switch engine {
        case .vllm:
            writer.key("structured_outputs")
            writer.beginObject()
            writer.key("json")
            writer.raw(schema)
            writer.endObject()
        case .vllmOld:
            writer.key("guided_json")
            writer.raw(schema)
        case .llamacpp:
            writer.key("json_schema")
            writer.raw(schema)
        case .sglang, .openai:
            writeResponseFormat(into: &writer) { $0.raw(schema) }
        }
    }

    private func writeResponseFormat(into writer: inout JSONWriter, schema: (inout JSONWriter) -> Void) {
        writer.key("response_format")
        writer.beginObject()
        writer.key("type")
        writer.value("json_schema")
        writer.key("json_schema")
        writer.beginObject()
        writer.key("name")
        writer.value("answer")
        writer.key("strict")
        writer.value(true)
        writer.key("schema")
        schema(&writer)
        writer.endObject()
        writer.endObject()
    }

    /// OpenAI's strict mode wants an object at the root, all of its properties required and no others.
    private static func writeChoiceSchema(_ options: [String], into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("type")
        writer.value("object")
        writer.key("properties")
        writer.beginObject()
        writer.key(answerProperty)
        writer.beginObject()
        writer.key("type")
        writer.value("string")
        writer.key("enum")
        writeList(options, into: &writer)
        writer.endObject()
        writer.endObject()
        writer.key("required")
        writeList([answerProperty], into: &writer)
        writer.key("additionalProperties")
        writer.value(false)
        writer.endObject()
    }

    private static func writeList(_ strings: [String], into writer: inout JSONWriter) {
        writer.beginArray()
        for string in strings { writer.value(string) }
        writer.endArray()
    }
}
