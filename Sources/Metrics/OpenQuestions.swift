import Support

/// Questions to a loop that ends before its process does: whoever asks is answered either by the loop or, at its end,
/// by whoever closes this.
public final class OpenQuestions<Answer: Sendable>: Sendable {
    private struct State {
        var replies: [@Sendable (Answer) -> Void] = []
        var isClosed = false
    }

    private let state = Guarded(State())

    /// No question yet.
    public init() {}

    /// Adds a question, which the loop is to be woken for; false when the loop has ended.
    public func add(_ reply: @escaping @Sendable (Answer) -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.replies.append(reply)
            return true
        }
    }

    /// Answers all that are open.
    public func answer(_ answer: () -> Answer) {
        let replies = state.withLock { state in
            defer { state.replies = [] }
            return state.replies
        }
        guard !replies.isEmpty else { return }
        let answer = answer()
        for reply in replies { reply(answer) }
    }

    /// The loop has ended: answers what is open, and takes no more.
    public func close(_ answer: () -> Answer) {
        state.withLock { $0.isClosed = true }
        self.answer(answer)
    }
}
