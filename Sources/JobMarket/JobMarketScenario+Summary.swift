import SimulationKit

extension JobMarketScenario {
    public var quotedEvent: String? { Events.line }

    public func summary(of events: [String: UInt64]) -> [String] {
        func count(_ name: String) -> UInt64 { events[name] ?? 0 }
        // With limited vacancies the merge decides: the claims that it granted are the hires.
        let hired = vacancies > 0 ? count("claims_granted") : count(Events.hired)
        var lines = [
            "looked for work   \(count(Events.sought)) of \(count(Events.sought) + count(Events.notSought))",
            "applications      \(count(Events.applied))",
            "screened          \(count(Events.screened)), \(count(Events.invited)) invited",
            "interviews        \(count(Events.interviewed)), \(count(Events.offered)) offers",
            "hired             \(hired); \(count(Events.declined)) declined every offer",
        ]
        if vacancies > 0, count("claims_refused") > 0 {
            lines.append("vacancy gone      \(count("claims_refused")) accepted an offer too late")
        }
        if requireSeeking {
            lines.append(
                "require_seeking   on: \(count(Events.overruled)) who decided not to look for work looked all the same")
        }
        if count(Events.unanswered) > 0 {
            lines.append("unanswered        \(count(Events.unanswered)) applications, see the table failures")
        }
        return lines
    }

    public func estimate(agentsByType: [String: Int]) -> RoundEstimate {
        let seekers = agentsByType[AgentTypes.seeker] ?? 0
        // Looking, number of jobs, for each job apply, screen, the interview and the decision, and the final choice.
        let longest = 3 + maxJobs * (3 + interviewLines)
        // Two decisions, half of the jobs, of which half are applied for and a quarter come to an interview; in eighths
        // of a call, since few jobs have no whole quarters.
        let likely = 8 * 2 + 4 * maxJobs + 2 * maxJobs + maxJobs * (interviewLines + 1)
        return RoundEstimate(
            calls: (seekers, seekers * likely / 8, seekers * longest), promptTokens: 700,
            memories: seekers * (4 + maxJobs * 6))
    }
}
