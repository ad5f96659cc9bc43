/// How many tokens a server counted: vLLM's and SGLang's `count`, or llama.cpp's `input_tokens`.
public enum TokenCountReply: Sendable, Equatable {
    /// Of a whole conversation, in its chat template.
    case conversation(Int)
    /// Of several texts, each for itself: all of them together.
    case texts(Int)

    /// Reads the body of an answer. Throws where no number says how many there are, or one is negative or absurd.
    public static func read(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> TokenCountReply {
        let document = try JSONDocument(bytes, limits: limits)
        return try document.withRoot { root throws(JSONError) in
            guard root.kind == .object, let told = root.member("count") ?? root.member("input_tokens") else {
                throw .wrongType(field: "the reply", expected: "an object with a count of tokens")
            }
            guard told.kind == .array else { return .conversation(try number(told)) }
            var sum = 0
            for element in told.elements { sum += try number(element) }
            return .texts(sum)
        }
    }

    /// Few enough that no sum over a reply overflows.
    private static func number(_ node: JSONNode) throws(JSONError) -> Int {
        guard let count = node.count, count <= Int(Int32.max) else {
            throw .wrongType(field: "the count of tokens", expected: "a number from 0 to 2147483647")
        }
        return count
    }
}
