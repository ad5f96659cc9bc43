import Recording

/// Something that waits for the writer thread.
enum PendingWork: Sendable {
    /// A request to make durable.
    case write(RecordRequest, reply: @Sendable (Result<RecordReply, StoreProblem>) -> Void)
    /// A question, asked once everything before it is durable. It answers by itself; the error is the store's.
    case read(@Sendable (Result<any RecordStore, StoreProblem>) -> Void)

    /// Whether others of its kind are likely to follow at once, so that waiting for them is worth the time.
    var isOneOfMany: Bool {
        guard case .write(let request, _) = self else { return false }
        return switch request {
        case .outcomes, .commit: true
        default: false
        }
    }

    /// Outcomes are facts; they go first, so that a commit beside them finds them.
    var isOutcomes: Bool {
        if case .write(.outcomes, _) = self { return true }
        return false
    }
}

/// Why a request was not fulfilled.
enum StoreProblem: Error, Sendable {
    /// The store refused it.
    case refused(RecordRefusal)
    /// The store failed, for good.
    case failed(StorageFailure)
    /// Too much waits already.
    case overloaded

    init(_ error: any Error) {
        switch error {
        case let refusal as RecordRefusal: self = .refused(refusal)
        case let failure as StorageFailure: self = .failed(failure)
        case let problem as StoreProblem: self = problem
        default: self = .failed(StorageFailure("\(error)", advice: "this is a bug: report it"))
        }
    }
}
