import Model
import SimulationKit

/// The job market: seekers decide whether to look for work, apply, are screened and interviewed, and choose among
/// offers; interviewers decide whom to invite and whom to make an offer. Each speaks for itself, from its own profile
/// and memory.
public struct JobMarketScenario: Scenario {
    public static let name = "job-market"

    public static let parameters = [
        ParameterDefinition(
            "pool_size", .int(default: 10, 1...1000),
            about: "Positions nearest to a seeker's CV among which it looks."),
        ParameterDefinition(
            "max_jobs", .int(default: 5, 1...20), about: "Most positions that a seeker looks at in a round."),
        ParameterDefinition(
            "interview_lines", .int(default: 2, 1...40),
            about: "Lines of an interview; interviewer and seeker take turns."),
        ParameterDefinition(
            "vacancies", .int(default: 0, 0...1_000_000),
            about: "Vacancies of each position over the whole run; 0 for no limit."),
        ParameterDefinition(
            "require_seeking", .bool(default: false),
            about: "Seekers look for work whatever they decided; for models too small to decide."),
    ]

    /// Names of the types of agents.
    enum AgentTypes {
        static let seeker = "seeker"
        static let interviewer = "interviewer"
    }

    /// Names of the events that it notes.
    enum Events {
        static let sought = "sought"
        static let notSought = "not_sought"
        static let overruled = "seeking_overruled"
        static let applied = "applied"
        static let screened = "screened"
        static let invited = "invited"
        static let interviewed = "interviewed"
        static let line = "interview_line"
        static let offered = "offered"
        static let accepted = "accepted"
        static let declined = "declined"
        static let unanswered = "unanswered"
        static let hired = "hired"
        static let vacancyLost = "vacancy_lost"
    }

    static let positions = "positions"
    /// What memories are recalled by where no single position is meant.
    static let looking = "looking for a new job"
    static let offers = "offers of work"
    /// What choices of yes or no offer, in the order of the indexes.
    static let noYes = ["no", "yes"]

    let poolSize: Int
    let maxJobs: Int
    let interviewLines: Int
    let vacancies: Int
    let requireSeeking: Bool

    public init(parameters: ScenarioParameters) {
        poolSize = parameters.int("pool_size")
        maxJobs = parameters.int("max_jobs")
        interviewLines = parameters.int("interview_lines")
        vacancies = parameters.int("vacancies")
        requireSeeking = parameters.bool("require_seeking")
    }

    public var agentTypes: [AgentTypeDefinition] {
        [
            AgentTypeDefinition(
                name: AgentTypes.seeker,
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("cv", .map, visibility: .everyone),
                    FieldDefinition("trait", .map, initial: .map([:])),
                    FieldDefinition(
                        "working_condition", .text, mutability: .dynamic, initial: .text("I have no job at present.")),
                    FieldDefinition("pool", .list, mutability: .dynamic, initial: .list([])),
                ]),
            AgentTypeDefinition(
                name: AgentTypes.interviewer,
                fields: [
                    FieldDefinition("name", .text, visibility: .everyone),
                    FieldDefinition("description", .text, visibility: .everyone, aliases: ["jd"]),
                    FieldDefinition("requirements", .list, visibility: .everyone, aliases: ["jr"]),
                    FieldDefinition("company", .text, visibility: .everyone),
                    FieldDefinition("salary", .text, visibility: .everyone, initial: .text("")),
                    FieldDefinition("benefits", .list, visibility: .everyone, initial: .list([])),
                    FieldDefinition("location", .text, visibility: .everyone, initial: .text("")),
                    FieldDefinition(
                        "vacancies", .int, visibility: .everyone, mutability: .dynamic,
                        initial: .int(Int64(vacancies))),
                ]),
        ]
    }

    public func collections(of population: Population) -> [CollectionDefinition] {
        let items = population.agents(ofType: AgentTypes.interviewer).map { agent in
            let position = population.publicFields(of: agent)
            let parts = ["name", "company", "description", "requirements_text"]
            return CollectionDefinition.Item(
                agent: agent, text: parts.compactMap { position[$0]?.text }.joined(separator: "\n"))
        }
        return [CollectionDefinition(name: Self.positions, items: items)]
    }

    public func acts(type: String) -> Bool { type == AgentTypes.seeker }

    public func act(_ turn: Turn) async throws { try await SeekerTurn(turn: turn, market: self).act() }

    public func answer(_ request: Value, from asker: AgentID, _ turn: Turn) async throws -> Value {
        try await InterviewerTurn(turn: turn, market: self, applicant: asker).answer(InterviewRequest(request))
    }
}
