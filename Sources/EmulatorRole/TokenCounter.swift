/// Counts tokens the emulator's way: nothing here is a real tokenizer, only near enough to one in size.
enum TokenCounter {
    /// Tokens of a prompt: a quarter of its bytes, rounded up.
    static func prompt(_ text: String) -> Int { (text.utf8.count + 3) / 4 }

    /// Tokens of an answer: one for each word of up to eight bytes, more for longer ones.
    static func answer(_ text: String) -> Int {
        var counter = AnswerCounter()
        for byte in text.utf8 { counter.take(byte) }
        return counter.tokens
    }

    /// The tokens of an answer, in order; their bytes together are the answer's. White space belongs to the token
    /// behind it, at the end to the last one.
    static func pieces(_ text: String) -> [[UInt8]] {
        var counter = AnswerCounter()
        var pieces: [[UInt8]] = []
        var open: [UInt8] = []
        var begun = 0
        for byte in text.utf8 {
            let isSpace = byte == 0x20 || byte == 0x0A
            counter.take(byte)
            if begun > 0, isSpace || counter.tokens > begun, open.contains(where: { $0 != 0x20 && $0 != 0x0A }) {
                pieces.append(open)
                open = []
            }
            begun = counter.tokens
            open.append(byte)
        }
        if open.contains(where: { $0 != 0x20 && $0 != 0x0A }) || pieces.isEmpty {
            if !open.isEmpty { pieces.append(open) }
        } else {
            pieces[pieces.count - 1] += open
        }
        return pieces
    }

    /// The longest prefix of at most `limit` tokens, and whether that is the whole text.
    static func cut(_ text: String, to limit: Int) -> (text: String, whole: Bool) {
        var counter = AnswerCounter()
        var index = text.utf8.startIndex
        while index < text.utf8.endIndex {
            counter.take(text.utf8[index])
            guard counter.tokens <= limit else {
                // Slicing by scalars moves a cut inside of a character back to its start.
                return (String(text.unicodeScalars[..<index]), false)
            }
            text.utf8.formIndex(after: &index)
        }
        return (text, true)
    }
}

private struct AnswerCounter {
    private(set) var tokens = 0
    private var wordBytes = 0

    mutating func take(_ byte: UInt8) {
        if byte == 0x20 || byte == 0x0A {
            wordBytes = 0
        } else {
            if wordBytes % 8 == 0 { tokens += 1 }
            wordBytes += 1
        }
    }
}
