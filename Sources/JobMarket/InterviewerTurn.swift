import Model
import SimulationKit

/// An interviewer's passive turns.
struct InterviewerTurn {
    let turn: Turn
    let market: JobMarketScenario
    let applicant: AgentID

    func answer(_ request: InterviewRequest) async throws -> Value {
        switch request {
        case .screen: .bool(try await screen())
        case .speak(let lines): .text(try await speak(lines))
        case .decide(let lines): .bool(try await decide(lines))
        case .told(let accepted): try told(accepted: accepted)
        }
    }

    private var title: Value { turn.field("name") ?? .text("") }

    /// What memories are recalled by.
    private var topic: String {
        "\(turn.publicProfile(of: applicant)["name"]?.text ?? "") for \(title.text ?? "")"
    }

    /// What the interviewer knows of the applicant: the public fields.
    private func facts(_ more: [String: Value] = [:]) -> [String: Value] {
        let profile = turn.publicProfile(of: applicant)
        return more.merging([
            "applicant_name": profile["name"] ?? .text(""), "cv_text": profile["cv_text"] ?? .text(""),
            "title": title,
        ]) { given, _ in given }
    }

    /// A position whose vacancies are all taken invites nobody, and asks no model about it.
    private func screen() async throws -> Bool {
        if market.vacancies > 0, (turn.field("vacancies")?.int ?? 0) <= 0 { return false }
        let invited =
            try await turn.choose(
                "screen", facts(), options: JobMarketScenario.noYes, about: topic) == 1
        try turn.remember("memories/screened", facts(["invited": .bool(invited)]))
        return invited
    }

    private func speak(_ lines: [DialogueLine]) async throws -> String {
        try await turn.write("interview_interviewer", facts(["lines": lines.value]), about: topic)
    }

    private func decide(_ lines: [DialogueLine]) async throws -> Bool {
        try turn.remember("memories/interviewer_interviewed", facts(["lines": lines.value]))
        let offered =
            try await turn.choose(
                "hire", facts(["lines": lines.value]), options: JobMarketScenario.noYes, about: topic) == 1
        // An offer is remembered by its end, when the applicant has answered.
        if !offered { try turn.remember("memories/decided", facts(["offered": .bool(false)])) }
        return offered
    }

    private func told(accepted: Bool) throws -> Value {
        try turn.remember(accepted ? "memories/offer_accepted" : "memories/offer_declined", facts())
        return .null
    }
}
