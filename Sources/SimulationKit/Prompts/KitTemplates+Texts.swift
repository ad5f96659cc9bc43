extension KitTemplates {
    /// Texts of templates that a scenario need not write, by name; its own take their place.
    public static let texts: [String: String] = [
        intervention: "# What everybody knows\n{{intervention}}\n\n",
        interview: """
        Somebody who studies how people live asks you:

        {{question}}

        Answer honestly and in the first person, in a few sentences.
        """,
        memory: """
        # What you remember
        {{#long}}
        - {{text}}
        {{/long}}
        {{#short}}
        - {{text}}
        {{/short}}

        """,
        importance: """
        On a scale of 1 to 10, how important is this memory to you? 1 is an everyday matter, \
        10 an event that changes your life.

        Memory: {{text}}

        Answer with the number alone.
        """,
        questions: """
        These are your latest memories, the oldest first:

        {{#entries}}
        - {{text}}
        {{/entries}}

        Which three questions about yourself, others and how things are going do they answer? \
        Write one question a line, without numbers and without anything else.
        """,
        insights: """
        You ask yourself: {{question}}

        These memories bear on it:

        {{#entries}}
        - {{text}}
        {{/entries}}

        What do you conclude? Write at most five conclusions, one a line, in the first person, \
        without numbers and without anything else.
        """,
    ]
}
