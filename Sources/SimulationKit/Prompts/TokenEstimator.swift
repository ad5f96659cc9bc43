import Model

/// How many tokens a prompt may have: an upper estimate from its bytes alone, since tokenizers belong to servers.
///
/// English has 4 to 5 bytes a token with the usual vocabularies, other languages in Latin letters about 3, Chinese
/// and Japanese 2 to 3: three bytes a token errs on the safe side for all of them. Texts of nothing but digits or
/// rare signs may have more. Where the servers count, their number decides, and only `most` is used: it says which
/// prompts need no counting.
public enum TokenEstimator {
    /// Bytes that a token is taken to have.
    public static let bytesPerToken = 3
    /// Tokens that a chat template puts around each message.
    public static let tokensPerMessage = 8

    /// Tokens that a chat template puts around a conversation at most: the roles' marks, and a preamble such as today's
    /// date, which some templates have.
    public static let tokensPerConversation = 128

    /// More tokens than any tokenizer makes of a conversation: none has tokens without bytes of their own.
    public static func most(in messages: [PromptMessage]) -> Int {
        messages.reduce(tokensPerConversation) { sum, message in
            message.segments.reduce(sum + tokensPerMessage) { $0 + $1.utf8.count }
        }
    }

    /// Estimated tokens of a text, rounded up.
    public static func tokens(in text: String) -> Int {
        (text.utf8.count + bytesPerToken - 1) / bytesPerToken
    }

    /// Estimated tokens of a conversation.
    public static func tokens(in messages: [PromptMessage]) -> Int {
        messages.reduce(0) { sum, message in
            let bytes = message.segments.reduce(0) { $0 + $1.utf8.count }
            return sum + tokensPerMessage + (bytes + bytesPerToken - 1) / bytesPerToken
        }
    }
}
