/// What an observer of the whole cluster can wait for before trouble begins.
enum Milestone: Hashable {
    /// The recorder has granted partitions.
    case granted
    /// The gateway has the outcome of a call.
    case completed
    /// The recorder has acknowledged the outcome of a call whose tree it does not have.
    case acknowledged
    /// The same of an agent who was asked by another.
    case passiveAcknowledged
    /// The same where the asker's partition was granted anew since the last round closed.
    case inheritedPassiveAcknowledged
    /// The recorder has said what it has of a partition that was granted anew since the last round closed.
    case inheritedFetched
    /// The recorder has stored a piece of a snapshot that is not the last.
    case pieceStored
}
