import Foundation
import Model

/// What was asked and answered.
struct InterviewReport: Encodable, Sendable {
    /// A part of the prompt.
    struct Message: Encodable, Sendable {
        var role: String
        var text: String
    }

    var run: String
    var agent: String
    var round: UInt32
    var model: String
    var question: String
    var answer: String
    var prompt: [Message]?

    /// For people.
    func text() -> String {
        let shown = (prompt ?? []).map { "[\($0.role)]\n\($0.text)\n" }.joined(separator: "\n")
        return (shown.isEmpty ? "" : shown + "\n[answer]\n") + answer + "\n"
    }

    /// One object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension InterviewReport.Message {
    init(_ message: PromptMessage) { self.init(role: "\(message.role)", text: message.segments.joined()) }
}
