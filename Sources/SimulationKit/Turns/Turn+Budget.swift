import Model

/// Prompts within their budget of tokens.
extension Turn {
    /// The longest of several prompts that has at most `tokens` tokens; nil where none has. `prompt(n)` is the one that
    /// `n` of its `pieces` have been left out of, and the more are left out, the shorter it is.
    ///
    /// Where the servers count, a prompt counts only if its length in bytes does not prove already that it fits: then a
    /// server is asked for the whole prompt with its chat template, since no sum over pieces is what a tokenizer makes
    /// of them together. Of n pieces about log2(n) prompts are counted, and mostly one.
    func longestPrompt(
        of tokens: Int, model: String, pieces: Int, _ prompt: (Int) throws -> [PromptMessage]
    ) async throws -> [PromptMessage]? {
        guard assets.models.countsTokens else {
            for left in 0...pieces {
                let messages = try prompt(left)
                if TokenEstimator.tokens(in: messages) <= tokens { return messages }
            }
            return nil
        }
        // What is known to fit, and how many pieces it lacks.
        var fitting: (left: Int, messages: [PromptMessage])?
        for left in 0...pieces {
            let messages = try prompt(left)
            guard TokenEstimator.most(in: messages) <= tokens else { continue }
            fitting = (left, messages)
            break
        }
        // Prompts that lack fewer pieces than `first` do not fit; the whole one is tried before others.
        var first = 0
        while first < fitting?.left ?? pieces + 1 {
            let last = fitting?.left ?? pieces + 1
            let left = first == 0 ? 0 : first + (last - first) / 2
            let messages = try prompt(left)
            if let count = try await count(messages, model: model), count <= tokens {
                fitting = (left, messages)
            } else {
                first = left + 1
            }
        }
        return fitting?.messages
    }

    /// How many tokens the messages have, by a server's count; nil where it would not take them at all.
    private func count(_ messages: [PromptMessage], model: String) async throws -> Int? {
        try await perform(CompletionSpec(counting: messages, model: model)).outcome.answer.flatMap { Int($0) }
    }
}
