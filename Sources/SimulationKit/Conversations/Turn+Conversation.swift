import Hashing
import Model

/// Conversations of several agents within one turn.
extension Turn {
    /// Talks with other agents. All who took part remember what they heard; the turn's events are `conversation` and a
    /// `conversation_line` for each line.
    ///
    /// The agent whose turn it is takes part itself, and opens, unless `isTakingPart` is false: then it only has the
    /// others talk, as a chat room does.
    ///
    /// The scenario's prompts need the templates of `KitTemplates` that the rules' mode renders. A participant whose
    /// turn fails leaves without a word.
    /// - Throws: `TurnFailed` where nobody else takes part, or a template is missing.
    public func converse(
        with others: [AgentID], about topic: String, rules: ConversationRules = ConversationRules(),
        announcement: String = "", isTakingPart: Bool = true
    ) async throws -> Conversation {
        let participants = try checked((isTakingPart ? [agent] : []) + others, rules)
        let names = names(of: participants)
        let scene = ConversationScene(
            topic: topic, announcement: announcement, names: participants.compactMap { names[$0] },
            endWord: rules.endWord ?? "")
        let conversation =
            rules.mode == .script
            ? try await script(participants, names, scene, rules)
            : try await live(ConversationCourse(participants, names: names, rules: rules), names, scene, rules)
        for line in conversation.lines {
            try event(
                ConversationEvents.line,
                ["topic": .text(topic), "speaker": .text(line.name), "text": .text(line.text)])
        }
        try event(
            ConversationEvents.conversation,
            [
                "topic": .text(topic), "participants": .int(Int64(conversation.joined.count)),
                "lines": .int(Int64(conversation.lines.count)),
            ])
        for participant in participants where conversation.joined[participant] != nil {
            let heard = conversation.heard(by: participant, rules.history)
            guard !heard.isEmpty else { continue }
            let request = ConversationRequest.remember(scene.seen(by: names[participant] ?? ""), lines: heard)
            if participant == agent {
                _ = try await answer(request)
            } else {
                _ = try await ask(participant, request.value)
            }
        }
        return conversation
    }

    /// What the kit answers for a participant.
    package func answer(_ request: ConversationRequest) async throws -> Value {
        switch request {
        case .speak(let scene, let lines):
            return .text(try await say(KitTemplates.conversation, scene.fields(lines: lines), scene))
        case .remember(let scene, let lines):
            try need(KitTemplates.conversationMemory)
            try remember(KitTemplates.conversationMemory, scene.fields(lines: lines))
            return .null
        }
    }

    // MARK: Who takes part

    private func checked(_ participants: [AgentID], _ rules: ConversationRules) throws -> [AgentID] {
        guard participants.count > 1, Set(participants).count == participants.count,
            participants.allSatisfy(assets.population.contains)
        else { throw wrong("a conversation needs two or more agents, each once") }
        guard (1...ConversationRules.mostLines).contains(rules.limit) else {
            throw wrong("a conversation has 1 to \(ConversationRules.mostLines) lines")
        }
        return participants
    }

    /// Public names, made distinct by ids where they are not.
    private func names(of participants: [AgentID]) -> [AgentID: String] {
        let plain = participants.map { publicProfile(of: $0)["name"]?.text ?? assets.population.id(of: $0) }
        var names: [AgentID: String] = [:]
        for (participant, name) in zip(participants, plain) {
            let isShared = plain.count { $0 == name } > 1
            names[participant] = isShared ? "\(name) (\(assets.population.id(of: participant)))" : name
        }
        return names
    }

    // MARK: Line by line

    private func live(
        _ start: ConversationCourse, _ names: [AgentID: String], _ scene: ConversationScene,
        _ rules: ConversationRules
    ) async throws -> Conversation {
        var course = start
        var generator = try generator()
        while true {
            course.hasten()
            if let ending = course.ending { return course.conversation(ending) }
            let speaker = course.speaker(&generator)
            let heard = course.conversation(.limit).heard(by: speaker, rules.history)
            do {
                course.say(try await line(of: speaker, heard, scene.seen(by: names[speaker] ?? ""), rules), by: speaker)
            } catch is AskFailed {
                course.leave(speaker)
            }
        }
    }

    private func line(
        of speaker: AgentID, _ heard: [Conversation.Line], _ scene: ConversationScene, _ rules: ConversationRules
    ) async throws -> String {
        if case .hybrid(let scripted) = rules.mode, scripted.contains(speaker) {
            var fields = scene.fields(lines: heard)
            fields["profile"] = .text(profileText(of: speaker))
            return try await say(KitTemplates.conversationScripted, fields, scene)
        }
        let request = ConversationRequest.speak(scene, lines: heard)
        let said = speaker == agent ? try await answer(request) : try await ask(speaker, request.value)
        return said.text ?? ""
    }

    private func say(
        _ template: String, _ fields: [String: Value], _ scene: ConversationScene
    ) async throws -> String {
        try need(template)
        return ConversationScript.words(of: try await write(template, fields, about: scene.topic), name: scene.you)
    }

    // MARK: In one piece

    private func script(
        _ participants: [AgentID], _ names: [AgentID: String], _ scene: ConversationScene,
        _ rules: ConversationRules
    ) async throws -> Conversation {
        try need(KitTemplates.conversationScript)
        var fields = scene.seen(by: names[agent] ?? "").fields(lines: [])
        fields["limit"] = .int(Int64(rules.limit))
        fields["participants"] = .list(
            participants.map {
                .map(["name": .text(names[$0] ?? ""), "profile": .text(profileText(of: $0))])
            })
        let speakers = participants.compactMap { names[$0] }
        let answer = try await structured(
            KitTemplates.conversationScript, fields,
            schema: ConversationScript.schema(speakers: speakers, limit: rules.limit), about: scene.topic)
        let agents = Dictionary(uniqueKeysWithValues: participants.map { (names[$0] ?? "", $0) })
        guard let lines = ConversationScript.lines(of: answer, agents: agents) else {
            throw TurnFailed(.init(reason: .rejectedAnswers, text: "a script is not what its schema asks for"))
        }
        return Conversation(
            lines: Array(lines.prefix(rules.limit)), ending: .script,
            joined: Dictionary(uniqueKeysWithValues: participants.map { ($0, 0) }))
    }

    private func profileText(of other: AgentID) -> String {
        Value.map(publicProfile(of: other).filter { !$0.key.hasSuffix("_text") }).readableText
    }

    private func need(_ template: String) throws {
        guard assets.prompts.has(template) else {
            throw wrong("the folder of prompts has no \(template).mustache, which this conversation needs")
        }
    }

    private func wrong(_ what: String) -> TurnFailed { TurnFailed(.init(reason: .scenarioError, text: what)) }
}

/// Names of the events that conversations note.
public enum ConversationEvents {
    /// A conversation is over: `topic`, and the numbers of `participants` and `lines`.
    public static let conversation = "conversation"
    /// A line: `topic`, `speaker`, `text`.
    public static let line = "conversation_line"
}
