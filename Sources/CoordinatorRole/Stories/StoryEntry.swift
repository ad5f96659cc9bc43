/// What was asked for a record, and how it ended: a line of the file of what was asked.
struct StoryEntry: Codable, Equatable, Sendable {
    /// The record's place in the population, from 1.
    var record: Int
    /// Its id, where it has one.
    var id: String?
    /// The model that answered, as the server names it.
    var model: String
    /// Seed of the attempt that was accepted, or of the last one.
    var seed: UInt64
    /// The record's attempts so far, those of earlier calls of the command included.
    var attempts: UInt32
    /// What was asked.
    var prompt: String
    /// What was answered; nil where no attempt was accepted.
    var story: String?
    /// Why none was accepted.
    var failure: String?
    /// Tokens of the prompt over all attempts of this request, as the server counts them.
    var promptTokens: UInt32
    /// Tokens of the answers, likewise.
    var completionTokens: UInt32
}
