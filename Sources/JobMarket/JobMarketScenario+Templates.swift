import SimulationKit

extension JobMarketScenario {
    public var templates: [TemplateDefinition] {
        let position = ["title", "company", "location", "description", "requirements_text", "salary", "benefits_text"]
        let dialogue = ["lines", "lines.speaker", "lines.text"]
        let job = ["title", "company"]
        let offers = ["offers", "offers.number", "offers.title", "offers.company", "offers.salary"]
        let prompts =
            agentTypes.flatMap { type in
                ["instruction", "profile", "dynamic"].map {
                    TemplateDefinition("\(type.name).\($0)", fields: type.templateFields)
                }
            } + [
                TemplateDefinition("seek", fields: []),
                TemplateDefinition("job_count", fields: ["max_jobs"]),
                TemplateDefinition("apply", fields: position),
                TemplateDefinition("screen", fields: ["applicant_name", "cv_text"]),
                TemplateDefinition(
                    "interview_interviewer", fields: ["applicant_name", "title", "cv_text"] + dialogue),
                TemplateDefinition("interview_seeker", fields: job + dialogue),
                TemplateDefinition("hire", fields: ["applicant_name", "title"] + dialogue),
                TemplateDefinition("final", fields: offers),
            ]
        let memories: [(String, [String])] = [
            ("decided_to_seek", []), ("decided_not_to_seek", []),
            ("looked_at_jobs", ["count", "jobs", "jobs.title", "jobs.company"]), ("applied", job),
            ("not_applied", job), ("screening_passed", job), ("screening_failed", job),
            ("interviewed", job + dialogue), ("offers", ["count"] + offers), ("accepted", job),
            ("declined_all", offers), ("vacancy_lost", job), ("hired", job),
            ("screened", ["applicant_name", "title", "invited"]),
            ("interviewer_interviewed", ["applicant_name", "title"] + dialogue),
            ("decided", ["applicant_name", "title", "offered"]), ("offer_accepted", ["applicant_name", "title"]),
            ("offer_declined", ["applicant_name", "title"]),
        ]
        return prompts + memories.map { TemplateDefinition("memories/\($0.0)", fields: $0.1) }
    }

    public var optionalTemplates: Set<String> { ["interviewer.dynamic"] }
}
