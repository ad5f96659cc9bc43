import Model
import SimulationKit

/// A seeker's turn of a round.
struct SeekerTurn {
    typealias Events = JobMarketScenario.Events

    let turn: Turn
    let market: JobMarketScenario

    /// An open position as the seeker sees it.
    struct Job: Sendable {
        var agent: AgentID
        var fields: [String: Value]

        /// What memories are recalled by.
        var topic: String { "\(fields["title"]?.text ?? "") at \(fields["company"]?.text ?? "")" }

        /// What memories and events say of it.
        var brief: [String: Value] { fields.filter { ["title", "company", "salary"].contains($0.key) } }
    }

    func act() async throws {
        try readInbox()
        guard try await decidesToSeek() else { return }
        let jobs = try await look()
        let applied = try await apply(to: jobs)
        let offers = try await interviews(for: applied)
        try await choose(among: offers)
    }

    /// Learns what became of the offer accepted in the last round, where vacancies are limited.
    private func readInbox() throws {
        for message in turn.inbox where message.subject == AgentState.claimSubject {
            let job = job(message.sender)
            if message.body["granted"]?.bool == true {
                try turn.set("working_condition", to: .text(employment(in: job)))
                try turn.remember("memories/hired", job.brief)
                try turn.event(Events.hired, ["position": .int(Int64(job.agent.number))])
            } else {
                try turn.remember("memories/vacancy_lost", job.brief)
                try turn.event(Events.vacancyLost, ["position": .int(Int64(job.agent.number))])
            }
        }
    }

    private func decidesToSeek() async throws -> Bool {
        var seeks =
            try await turn.choose(
                "seek", [:], options: JobMarketScenario.noYes, about: JobMarketScenario.looking) == 1
        if !seeks, market.requireSeeking {
            try turn.event(Events.overruled)
            seeks = true
        }
        try turn.remember(seeks ? "memories/decided_to_seek" : "memories/decided_not_to_seek", [:])
        try turn.event(seeks ? Events.sought : Events.notSought)
        return seeks
    }

    /// Chooses how many positions to look at, and draws that many from the pool.
    private func look() async throws -> [Job] {
        let counts = (1...market.maxJobs).map(String.init)
        let wanted =
            try await turn.choose(
                "job_count", ["max_jobs": .int(Int64(market.maxJobs))], options: counts,
                about: JobMarketScenario.looking) + 1
        var generator = try turn.generator()
        let jobs = generator.shuffled(try await pool()).prefix(wanted).map(job)
        try turn.remember(
            "memories/looked_at_jobs",
            ["count": .int(Int64(jobs.count)), "jobs": .list(jobs.map { .map($0.brief) })])
        return Array(jobs)
    }

    /// The positions nearest to the CV; found once and kept, since neither changes.
    private func pool() async throws -> [AgentID] {
        let known = (turn.field("pool")?.list ?? []).compactMap { $0.int.flatMap(UInt32.init(exactly:)) }
        if !known.isEmpty { return known.map(AgentID.init(number:)) }
        let nearest = try await turn.nearest(
            JobMarketScenario.positions, to: turn.text("cv_text"), count: market.poolSize)
        try turn.set("pool", to: .list(nearest.map { .int(Int64($0.number)) }))
        return nearest
    }

    private func job(_ agent: AgentID) -> Job {
        var fields = turn.publicProfile(of: agent)
        fields["title"] = fields["name"]
        return Job(agent: agent, fields: fields)
    }

    private func apply(to jobs: [Job]) async throws -> [Job] {
        let decisions = try await turn.parallel(jobs) { job, turn in
            let applies =
                try await turn.choose(
                    "apply", job.fields, options: JobMarketScenario.noYes, about: job.topic) == 1
            try turn.remember(applies ? "memories/applied" : "memories/not_applied", job.brief)
            if applies { try turn.event(Events.applied, ["position": .int(Int64(job.agent.number))]) }
            return applies
        }
        return zip(jobs, decisions).filter(\.1).map(\.0)
    }

    /// Screenings and interviews, all side by side; returns the jobs with an offer.
    private func interviews(for jobs: [Job]) async throws -> [Job] {
        let market = market
        let offered = try await turn.parallel(jobs) { job, turn in
            do {
                return try await Interview(turn: turn, market: market, job: job).run()
            } catch let failed as AskFailed {
                // The interviewer failed, not the seeker: it goes on without an answer from there.
                try turn.event(
                    Events.unanswered,
                    ["position": .int(Int64(job.agent.number)), "reason": .text(failed.failure.text)])
                return false
            }
        }
        return zip(jobs, offered).filter(\.1).map(\.0)
    }

    private func choose(among offers: [Job]) async throws {
        let numbered = offers.enumerated().map { index, job in
            Value.map(job.brief.merging(["number": .int(Int64(index + 1))]) { $1 })
        }
        try turn.remember(
            "memories/offers", ["count": .int(Int64(offers.count)), "offers": .list(numbered)])
        guard !offers.isEmpty else { return }
        let choice = try await turn.choose(
            "final", ["offers": .list(numbered)], options: ["decline"] + offers.indices.map { String($0 + 1) },
            about: JobMarketScenario.offers)
        for (index, job) in offers.enumerated() {
            _ = try await turn.ask(job.agent, InterviewRequest.told(accepted: index == choice - 1).value)
        }
        guard choice > 0 else {
            try turn.remember("memories/declined_all", ["offers": .list(numbered)])
            try turn.event(Events.declined)
            return
        }
        let job = offers[choice - 1]
        try turn.remember("memories/accepted", job.brief)
        try turn.event(Events.accepted, ["position": .int(Int64(job.agent.number))])
        if market.vacancies > 0 {
            try turn.claim("vacancies", of: job.agent)
        } else {
            try turn.set("working_condition", to: .text(employment(in: job)))
            try turn.event(Events.hired, ["position": .int(Int64(job.agent.number))])
        }
    }

    private func employment(in job: Job) -> String {
        "I work as \(job.fields["title"]?.text ?? "") at \(job.fields["company"]?.text ?? "")."
    }
}
