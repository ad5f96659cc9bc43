import Model

/// One thing that happens in a turn.
struct Step: Sendable {
    /// It happens only where this holds.
    var condition: Expression?
    var action: Action

    indirect enum Action: Sendable {
        /// Names results of computations, for the steps that follow.
        case compute([Assignment])
        /// Asks the model and names its answer.
        case ask(Question)
        /// Changes own dynamic fields; in the environment's turn, its fields.
        case set([Assignment])
        /// Adds whole numbers to fields of the environment.
        case add([Contribution])
        /// Appends values to lists of the environment.
        case collect([Contribution])
        /// Remembers a text.
        case remember(TextTemplate)
        /// Sends a message to one agent or several.
        case tell(Message, to: Expression)
        /// Sends a message to all who are related.
        case post(Message, relation: String)
        /// Takes steps for each element of a list, which stands under a name.
        case each(name: String, list: Expression, steps: [Step])
        /// Notes something for whoever analyses the run.
        case event(name: String, details: [Assignment])
    }

    /// A name and what it stands for.
    struct Assignment: Sendable {
        var name: String
        var value: Expression
    }

    /// A field of the environment, with its key where it has one, and what is given to it.
    struct Contribution: Sendable {
        var field: String
        var key: Expression?
        var value: Expression
    }

    /// What is sent.
    struct Message: Sendable {
        var subject: String
        var text: TextTemplate?
        var value: Expression?
    }
}

/// A question to the model.
struct Question: Sendable {
    /// The answer's name.
    var name: String
    var prompt: TextTemplate
    var answer: Answer
    /// A short text that memories are searched by.
    var about: String?

    enum Answer: Sendable {
        /// One of some texts.
        case choice(Expression)
        /// A whole number within bounds.
        case scale(Expression, Expression)
        /// A text of its own.
        case text
        /// One of some agents, by name.
        case agent(Expression)
        /// Values of a JSON schema.
        case structured(schema: String)
    }

    /// Most options of a choice, and most numbers of a scale.
    static let maxOptions = 1_000
}
