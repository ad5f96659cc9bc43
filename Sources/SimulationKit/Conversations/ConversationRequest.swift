import Model

/// What the kit asks of a participant, whatever its scenario.
package enum ConversationRequest: Equatable {
    /// Say the next line.
    case speak(ConversationScene, lines: [Conversation.Line])
    /// The conversation is over: remember it.
    case remember(ConversationScene, lines: [Conversation.Line])

    /// Key of requests that the kit answers. No scenario's request has it.
    static let key = "gensim.conversation"

    var value: Value {
        let (word, scene, lines) =
            switch self {
            case .speak(let scene, let lines): ("speak", scene, lines)
            case .remember(let scene, let lines): ("remember", scene, lines)
            }
        return .map([
            Self.key: .text(word), "scene": scene.value, "lines": .list(lines.map(\.value)),
        ])
    }

    /// The request that a value is, nil where it is a scenario's own.
    package init?(_ value: Value) {
        guard let word = value[Self.key]?.text, let scene = value["scene"].flatMap(ConversationScene.init) else {
            return nil
        }
        let lines = (value["lines"]?.list ?? []).compactMap(Conversation.Line.init)
        switch word {
        case "speak": self = .speak(scene, lines: lines)
        case "remember": self = .remember(scene, lines: lines)
        default: return nil
        }
    }
}

/// What all participants know.
package struct ConversationScene: Equatable, Sendable {
    /// What it is about.
    var topic: String
    /// What was announced to all; empty for nothing.
    var announcement: String
    /// Names of the participants.
    var names: [String]
    /// By which word one leaves; empty for none.
    var endWord: String
    /// Name of the participant that is asked.
    var you: String

    var value: Value {
        .map([
            "topic": .text(topic), "announcement": .text(announcement), "names": .list(names.map(Value.text)),
            "end_word": .text(endWord), "you": .text(you),
        ])
    }

    init?(_ value: Value) {
        guard let topic = value["topic"]?.text else { return nil }
        self.topic = topic
        announcement = value["announcement"]?.text ?? ""
        names = (value["names"]?.list ?? []).compactMap(\.text)
        endWord = value["end_word"]?.text ?? ""
        you = value["you"]?.text ?? ""
    }

    init(topic: String, announcement: String, names: [String], endWord: String) {
        self.topic = topic
        self.announcement = announcement
        self.names = names
        self.endWord = endWord
        you = ""
    }

    /// The same, for a participant of this name.
    func seen(by name: String) -> ConversationScene {
        var scene = self
        scene.you = name
        return scene
    }

    /// The fields of templates about this conversation.
    func fields(lines: [Conversation.Line]) -> [String: Value] {
        [
            "topic": .text(topic), "announcement": .text(announcement), "end_word": .text(endWord),
            "name": .text(you), "participants": .list(names.map { .map(["name": .text($0)]) }),
            "lines": .list(lines.map(\.value)),
        ]
    }
}
