import JSON

/// Reads the constraint of a chat request as one server does, including what that server ignores in silence.
struct ConstraintReader {
    var engine: EmulatedEngine

    /// The constraint that the server would honour. Throws the refusal that it would send.
    func read(_ request: JSONObject) throws(Refusal) -> Constraint {
        switch engine {
        case .vllm:
            if let constraint = try structuredOutputs(request) { return constraint }
            return try responseFormat(request)
        case .vllmOld:
            if let constraint = try guided(request) { return constraint }
            return try responseFormat(request)
        case .sglang: return try sglang(request)
        case .llamacpp: return try llamacpp(request)
        case .openai: return try openAI(request)
        case .tei, .original: return .none
        }
    }

    private func structuredOutputs(_ request: JSONObject) throws(Refusal) -> Constraint? {
        guard let value = request.given("structured_outputs") else { return nil }
        guard let outputs = value.objectValue else { throw .badRequest("structured_outputs must be an object") }
        let kinds = ["json", "regex", "choice", "grammar", "json_object", "structural_tag"]
        let given = kinds.compactMap { kind in outputs.given(kind).map { (kind, $0) } }
        guard let (kind, argument) = given.first, given.count == 1 else {
            throw .badRequest(
                given.isEmpty
                    ? "You must use one kind of structured outputs constraint but none are specified"
                    : "You can only use one kind of structured outputs constraint but multiple are specified")
        }
        switch kind {
        case "choice": return try choices(argument)
        case "regex": return try regex(argument)
        case "grammar": return try grammar(argument)
        case "json": return try schema(argument)
        case "json_object": return .schema(Self.anyObject)
        default: throw .badRequest("the emulator does not know structural_tag")
        }
    }

    private func guided(_ request: JSONObject) throws(Refusal) -> Constraint? {
        let given = ["guided_choice", "guided_regex", "guided_json", "guided_grammar"].compactMap { kind in
            request.given(kind).map { (kind, $0) }
        }
        guard given.count <= 1 else { throw .badRequest("You can only use one kind of guided decoding") }
        guard let (kind, argument) = given.first else { return nil }
        switch kind {
        case "guided_choice": return try choices(argument)
        case "guided_regex": return try regex(argument)
        case "guided_grammar": return try grammar(argument)
        default: return try schema(argument)
        }
    }

    private func sglang(_ request: JSONObject) throws(Refusal) -> Constraint {
        let regularExpression = request.given("regex")
        let grammar = request.given("ebnf")
        let format = try responseFormat(request)
        let count = (regularExpression == nil ? 0 : 1) + (grammar == nil ? 0 : 1) + (format == .none ? 0 : 1)
        guard count <= 1 else { throw .badRequest("Only one of regex, ebnf and response_format may be set") }
        if let regularExpression { return try regex(regularExpression) }
        if let grammar { return try self.grammar(grammar) }
        return format
    }

    private func llamacpp(_ request: JSONObject) throws(Refusal) -> Constraint {
        let grammar = request.given("grammar")
        let schema = request.given("json_schema")
        guard grammar == nil || schema == nil else { throw .badRequest("Cannot use both json_schema and grammar") }
        if let grammar { return try self.grammar(grammar) }
        if let schema { return try self.schema(schema) }
        return try responseFormat(request)
    }

    /// The hosted API refuses what it does not know, as OpenAI's does.
    private func openAI(_ request: JSONObject) throws(Refusal) -> Constraint {
        let foreign = [
            "structured_outputs", "guided_choice", "guided_regex", "guided_json", "guided_grammar", "regex", "ebnf",
            "grammar", "json_schema",
        ]
        if let name = foreign.first(where: { request[$0] != nil }) {
            throw .badRequest("Unrecognized request argument supplied: \(name)")
        }
        return try responseFormat(request)
    }

    private func responseFormat(_ request: JSONObject) throws(Refusal) -> Constraint {
        guard let format = request.given("response_format") else { return .none }
        switch format["type"]?.stringValue {
        case "text": return .none
        case "json_object":
            // llama.cpp takes a schema here as well.
            if engine == .llamacpp, let schema = format["schema"] { return try self.schema(schema) }
            return .schema(Self.anyObject)
        case "json_schema":
            if engine == .llamacpp, let schema = format["schema"] { return try self.schema(schema) }
            guard let schema = format["json_schema"]?["schema"] else {
                throw .badRequest("response_format.json_schema.schema is missing")
            }
            return try self.schema(schema)
        default: throw .badRequest("response_format.type must be text, json_object or json_schema")
        }
    }

    private func choices(_ value: JSONValue) throws(Refusal) -> Constraint {
        let choices = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard !choices.isEmpty, choices.count == value.arrayValue?.count else {
            throw .badRequest("a choice needs a list of at least one string")
        }
        return .choices(choices)
    }

    private func regex(_ value: JSONValue) throws(Refusal) -> Constraint {
        guard let choices = value.stringValue.flatMap(AlternativesReader.regex) else {
            throw .badRequest("the emulator knows regular expressions of the form (A|B) with escaped literals only")
        }
        return .choices(choices)
    }

    private func grammar(_ value: JSONValue) throws(Refusal) -> Constraint {
        guard let choices = value.stringValue.flatMap(AlternativesReader.grammar) else {
            throw .badRequest("the emulator knows grammars of the form root ::= \"A\" | \"B\" only")
        }
        return .choices(choices)
    }

    /// A schema as an object, or as text that holds one.
    private func schema(_ value: JSONValue) throws(Refusal) -> Constraint {
        if value.objectValue != nil { return .schema(value) }
        guard let text = value.stringValue, let parsed = try? JSONValue(parsing: Array(text.utf8)),
            parsed.objectValue != nil
        else { throw .badRequest("a JSON schema must be an object") }
        return .schema(parsed)
    }

    private static let anyObject: JSONValue = ["type": "object", "properties": ["answer": ["type": "string"]]]
}

extension JSONObject {
    /// A member that is there and not `null`.
    func given(_ key: String) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }
}
