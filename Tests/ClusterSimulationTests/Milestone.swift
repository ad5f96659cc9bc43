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
    /// The same where partitions of the asker were granted anew in the open round.
    case inheritedPassiveAcknowledged
    /// The recorder has stored a piece of a snapshot that is not the last.
    case pieceStored
}
