import Model
import SimulationKit

/// One application from screening to decision, as the seeker lives it. Interviewer and seeker each speak for
/// themselves.
struct Interview {
    typealias Events = JobMarketScenario.Events

    let turn: Turn
    let market: JobMarketScenario
    let job: SeekerTurn.Job

    /// Whether it ended with an offer.
    func run() async throws -> Bool {
        let position: [String: Value] = ["position": .int(Int64(job.agent.number))]
        let invited = try await turn.ask(job.agent, InterviewRequest.screen.value).bool ?? false
        try turn.event(Events.screened, position)
        try turn.remember(invited ? "memories/screening_passed" : "memories/screening_failed", job.brief)
        guard invited else { return false }
        try turn.event(Events.invited, position)
        let lines = try await talk()
        let offered = try await turn.ask(job.agent, InterviewRequest.decide(lines).value).bool ?? false
        try turn.remember("memories/interviewed", job.brief.merging(["lines": lines.value]) { $1 })
        try turn.event(Events.interviewed, position)
        if offered { try turn.event(Events.offered, position) }
        return offered
    }

    private func talk() async throws -> [DialogueLine] {
        var lines: [DialogueLine] = []
        for index in 0..<market.interviewLines {
            let line: DialogueLine
            if index.isMultiple(of: 2) {
                let said = try await turn.ask(job.agent, InterviewRequest.speak(lines).value).text ?? ""
                line = DialogueLine(speaker: "Interviewer", text: said)
            } else {
                let said = try await turn.write(
                    "interview_seeker", job.brief.merging(["lines": lines.value]) { $1 }, about: job.topic)
                line = DialogueLine(speaker: turn.text("name"), text: said)
            }
            lines.append(line)
            try turn.event(
                Events.line,
                [
                    "position": .int(Int64(job.agent.number)), "title": job.fields["title"] ?? .null,
                    "speaker": .text(line.speaker), "text": .text(line.text),
                ])
        }
        return lines
    }
}
