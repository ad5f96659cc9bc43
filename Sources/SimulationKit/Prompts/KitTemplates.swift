/// Templates that the kit itself renders, whatever the scenario.
public enum KitTemplates {
    /// How an agent's memories stand in a prompt.
    public static let memory = "memory"
    /// What everybody is told.
    public static let intervention = "intervention"
    /// Asks for a memory's importance.
    public static let importance = "importance"
    /// Asks for the questions of a reflection.
    public static let questions = "questions"
    /// Asks for insights into a question.
    public static let insights = "insights"

    /// Asks a participant of a conversation for its next line.
    public static let conversation = "conversation"
    /// Asks the agent that opened a conversation for a line of a scripted participant.
    public static let conversationScripted = "conversation_scripted"
    /// Asks for a whole conversation.
    public static let conversationScript = "conversation_script"
    /// What a participant remembers of a conversation.
    public static let conversationMemory = "memories/conversation"

    /// Puts a researcher's question to an agent.
    public static let interview = "interview"

    /// Those that a scenario may leave out.
    public static let optional: Set<String> = [
        intervention, interview, conversation, conversationScripted, conversationScript, conversationMemory,
    ]

    /// Texts of templates that a scenario need not write; its own take their place.
    public static let texts = [
        intervention: "# What everybody knows\n{{intervention}}\n\n",
        interview: """
        Somebody who studies how people live asks you:

        {{question}}

        Answer honestly and in the first person, in a few sentences.
        """,
    ]

    private static let ofConversations = [
        "topic", "announcement", "end_word", "name", "participants", "participants.name", "lines", "lines.speaker",
        "lines.text",
    ]

    /// The templates with their fields.
    public static let definitions = [
        TemplateDefinition(memory, fields: ["short", "short.text", "long", "long.text"]),
        TemplateDefinition(intervention, fields: ["intervention"]),
        TemplateDefinition(interview, fields: ["question"]),
        TemplateDefinition(importance, fields: ["text"]),
        TemplateDefinition(questions, fields: ["entries", "entries.text"]),
        TemplateDefinition(conversation, fields: ofConversations),
        TemplateDefinition(conversationScripted, fields: ofConversations + ["profile"]),
        TemplateDefinition(conversationScript, fields: ofConversations + ["participants.profile", "limit"]),
        TemplateDefinition(conversationMemory, fields: ofConversations),
        TemplateDefinition(insights, fields: ["question", "entries", "entries.text"]),
    ]
}
