/// Calls whose answers may be about as long as one another, and so take about as long.
struct AnswerClass: Hashable, Comparable, Sendable {
    /// How many classes there are.
    static let count = 8
    /// What no model answers, but the server's tokenizer: it takes a few milliseconds.
    static let tokenizer = AnswerClass(index: count - 1)
    /// The class of the longest answers.
    private static let longest = count - 2

    /// 0 for answers of one token, one more for each factor of four.
    let index: Int

    /// The class of answers of at most `tokens` tokens; a limit of 0 or less is unknown and counts as the longest.
    init(tokens: Int) {
        guard tokens > 0 else {
            index = Self.longest
            return
        }
        let bits = Int.bitWidth - (tokens - 1).leadingZeroBitCount
        index = min((bits + 1) / 2, Self.longest)
    }

    private init(index: Int) { self.index = index }

    /// All classes, from the shortest answers to the longest, and at last what the tokenizer answers.
    static let all = (0..<count).map { AnswerClass(index: $0) }

    static func < (left: AnswerClass, right: AnswerClass) -> Bool { left.index < right.index }
}
