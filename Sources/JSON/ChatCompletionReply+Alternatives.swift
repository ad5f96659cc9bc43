import Glibc

/// The probabilities in a reply, where they were asked for.
extension ChatCompletionReply {
    /// Most alternatives of one place that are read: servers tell 20 at most in a chat, 255 in a decision.
    static let mostAlternatives = 256
    /// Most bytes of an alternative that is read.
    static let longestAlternative = 4_096

    /// The alternatives at the first place of a choice's answer, from OpenAI's `logprobs`; nil where it has none.
    static func alternatives(_ choice: JSONNode) -> [AnswerAlternative]? {
        var places = choice.member("logprobs")?.member("content")?.elements
        guard let first = places?.next(), first.kind == .object else { return nil }
        var found: [AnswerAlternative] = []
        if let top = first.member("top_logprobs") {
            for node in top.elements.prefix(mostAlternatives) {
                if let alternative = alternative(node) { found.append(alternative) }
            }
        }
        // The answer's own token may have been too unlikely for the list.
        if let own = alternative(first), !found.contains(where: { $0.bytes == own.bytes }) { found.append(own) }
        return found
    }

    private static func alternative(_ node: JSONNode) -> AnswerAlternative? {
        guard let logprob = node.member("logprob")?.double else { return nil }
        var bytes = node.member("token")?.utf8.map { Array($0.prefix(longestAlternative)) } ?? []
        if let exact = node.member("bytes"), exact.kind == .array {
            bytes = exact.elements.prefix(longestAlternative).compactMap { $0.int.flatMap { UInt8(exactly: $0) } }
        }
        guard !bytes.isEmpty else { return nil }
        return AnswerAlternative(bytes: bytes, probability: exp(logprob))
    }

    /// Reads the body of an answer to `POST /v1/decisions` with one question of the type `choice`: a reply without
    /// content, whose alternatives are the choices. vLLM lists answers and choices, SGLang has them by name.
    public static func readDecision(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> ChatCompletionReply {
        let document = try JSONDocument(bytes, limits: limits)
        return try document.withRoot { root throws(JSONError) in
            guard let answers = root.member("answers") else { throw .missing(field: "answers") }
            var reply = ChatCompletionReply(content: nil)
            reply.alternatives = answers.kind == .object ? try named(answers) : try listed(answers)
            let usage = root.member("usage")
            reply.promptTokens = usage?.member("input_tokens")?.count ?? usage?.member("prompt_tokens")?.count
            reply.completionTokens = usage?.member("output_tokens")?.count
            reply.model = root.member("model")?.string
            return reply
        }
    }

    private static func listed(_ answers: JSONNode) throws(JSONError) -> [AnswerAlternative] {
        var answers = answers.elements
        guard let answer = answers.next() else { throw .missing(field: "answers[0]") }
        guard let list = answer.member("probabilities"), list.kind == .array else {
            throw .missing(field: "answers[0].probabilities")
        }
        return list.elements.prefix(mostAlternatives).compactMap { node in
            guard let value = node.member("value")?.utf8, let probability = node.member("probability")?.double
            else { return nil }
            return AnswerAlternative(bytes: Array(value.prefix(longestAlternative)), probability: probability)
        }
    }

    /// Probabilities are those among the choices there; what the choices have of all that could be said stands apart.
    private static func named(_ answers: JSONNode) throws(JSONError) -> [AnswerAlternative] {
        var answers = answers.members
        guard let answer = answers.next()?.value else { throw .missing(field: "answers.*") }
        guard let table = answer.member("probabilities"), table.kind == .object else {
            throw .missing(field: "answers.*.probabilities")
        }
        let mass = answer.member("label_mass")?.double ?? 1
        return table.members.prefix(mostAlternatives).compactMap { key, value in
            guard let name = key.utf8, let probability = value.double else { return nil }
            return AnswerAlternative(bytes: Array(name.prefix(longestAlternative)), probability: probability * mass)
        }
    }
}
