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

    /// Those that a scenario may leave out.
    public static let optional: Set<String> = [intervention]

    /// The templates with their fields.
    public static let definitions = [
        TemplateDefinition(memory, fields: ["short", "short.text", "long", "long.text"]),
        TemplateDefinition(intervention, fields: ["intervention"]),
        TemplateDefinition(importance, fields: ["text"]),
        TemplateDefinition(questions, fields: ["entries", "entries.text"]),
        TemplateDefinition(insights, fields: ["question", "entries", "entries.text"]),
    ]
}
