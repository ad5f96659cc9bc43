import Hashing

/// The blocks of a prompt, as a prefix cache compares them: its tokens in groups of a block's size, each hashed with
/// all that is before it. The tokens are those that `ChatRequest.promptTokens` counts.
struct PromptBlocks {
    private let blockTokens: Int
    private var bytes: [UInt8] = []

    /// Bytes that stand for one token.
    private static let tokenBytes = 4

    /// An empty prompt.
    init(blockTokens: Int) { self.blockTokens = blockTokens }

    /// The blocks of a chat. What `scope` holds separates prompts that must not share: model and salt.
    static func hashes(_ messages: [ChatRequest.Message], scope: [String], blockTokens: Int) -> [UInt64] {
        var blocks = PromptBlocks(blockTokens: blockTokens)
        blocks.bytes.reserveCapacity(messages.reduce(64) { $0 + $1.content.utf8.count + 24 })
        // A token begins the prompt, four frame each message, two open the answer.
        blocks.append(frame: 1, of: "begin")
        for message in messages {
            blocks.append(frame: 4, of: message.role)
            blocks.append(message.content)
        }
        blocks.append(frame: 2, of: "answer")
        return blocks.hashes(scope: scope)
    }

    /// Tokens of a frame, made of its name.
    private mutating func append(frame tokens: Int, of name: String) {
        let size = tokens * Self.tokenBytes
        bytes += name.utf8.prefix(size)
        bytes += repeatElement(0xFF, count: max(0, size - name.utf8.count))
    }

    /// A text, its last token filled up.
    private mutating func append(_ text: String) {
        bytes += text.utf8
        bytes += repeatElement(0xFF, count: (Self.tokenBytes - text.utf8.count % Self.tokenBytes) % Self.tokenBytes)
    }

    private func hashes(scope: [String]) -> [UInt64] {
        let size = blockTokens * Self.tokenBytes
        var before = HashBuilder.hash64(.emulatorBlock) { builder in for part in scope { builder.append(part) } }
        return (0..<bytes.count / size).map { block in
            let previous = before
            before = HashBuilder.hash64(.emulatorBlock) { builder in
                builder.append(previous)
                builder.append(bytes[block * size..<(block + 1) * size])
            }
            return before
        }
    }
}
