import SimulationKit

/// The kit's templates for scenarios that bring none of their own.
enum DefaultPrompts {
    /// Texts by the template's name.
    static let all: [String: String] = [
        KitTemplates.memory: """
        # What you remember
        {{#long}}
        - {{text}}
        {{/long}}
        {{#short}}
        - {{text}}
        {{/short}}

        """,
        KitTemplates.importance: """
        On a scale of 1 to 10, how important is this memory to you? 1 is an everyday matter, 10 an event that changes your life.

        Memory: {{text}}

        Answer with the number alone.
        """,
        KitTemplates.questions: """
        These are your latest memories, the oldest first:

        {{#entries}}
        - {{text}}
        {{/entries}}

        Which three questions about yourself, others and how things are going do they answer? Write one question a line, without numbers and without anything else.
        """,
        KitTemplates.insights: """
        You ask yourself: {{question}}

        These memories bear on it:

        {{#entries}}
        - {{text}}
        {{/entries}}

        What do you conclude? Write at most five conclusions, one a line, in the first person, without numbers and without anything else.
        """,
    ]
}
