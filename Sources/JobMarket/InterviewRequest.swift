import Model
import SimulationKit

/// A line of an interview.
struct DialogueLine: Sendable, Equatable {
    var speaker: String
    var text: String

    var value: Value { .map(["speaker": .text(speaker), "text": .text(text)]) }

    init(speaker: String, text: String) {
        self.speaker = speaker
        self.text = text
    }

    init?(_ value: Value) {
        guard let speaker = value["speaker"]?.text, let text = value["text"]?.text else { return nil }
        self.init(speaker: speaker, text: text)
    }
}

extension [DialogueLine] {
    /// The lines as templates and requests hold them.
    var value: Value { .list(map(\.value)) }
}

/// What a seeker asks of an interviewer.
enum InterviewRequest: Sendable, Equatable {
    /// Read my CV. Answered with true or false.
    case screen
    /// Say the next line. Answered with the line's text.
    case speak([DialogueLine])
    /// The interview is over. Answered with whether there is an offer.
    case decide([DialogueLine])
    /// I accept or decline your offer. Answered with nothing.
    case told(accepted: Bool)

    var value: Value {
        switch self {
        case .screen: .map(["kind": .text("screen")])
        case .speak(let lines): .map(["kind": .text("speak"), "lines": lines.value])
        case .decide(let lines): .map(["kind": .text("decide"), "lines": lines.value])
        case .told(let accepted): .map(["kind": .text("told"), "accepted": .bool(accepted)])
        }
    }

    init(_ value: Value) throws {
        let lines = (value["lines"]?.list ?? []).compactMap(DialogueLine.init)
        switch value["kind"]?.text {
        case "screen": self = .screen
        case "speak": self = .speak(lines)
        case "decide": self = .decide(lines)
        case "told": self = .told(accepted: value["accepted"]?.bool ?? false)
        default:
            throw TurnFailed(.init(reason: .scenarioError, text: "an interviewer was asked something unknown"))
        }
    }
}
