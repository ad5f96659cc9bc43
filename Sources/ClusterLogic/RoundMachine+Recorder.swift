extension RoundMachine {
    /// Asks the recorder, which must be idle.
    mutating func ask(_ what: Request) -> [Action] {
        precondition(request == nil, "the recorder has one request at a time")
        requests += 1
        request = (requests, what)
        return [.record(requests, what)]
    }

    /// The recorder has done what it was asked for.
    mutating func recorded(_ what: Request, _ answer: Answer) -> [Action] {
        switch (what, answer) {
        case (.grant, _):
            isMapStale = true
            if stage == .registering { stage = .loading }
        case (.open(let round, _), _):
            openRound = round
            merged = false
            finished = []
            enter(.running(round))
        case (.merge(let round, _), let answer):
            merged = true
            var isIntervened = plan.interventions.contains(round + 1)
            if case .merged(let roots, let failed, let interventions) = answer {
                judge(round, roots: roots, failed: failed)
                isIntervened = isIntervened || interventions > 0
            }
            isEnvironmentDone = !plan.hasEnvironment && !isIntervened
            enter(.environment(round))
        case (.close(let round, _), _): closed(round)
        case (.pause, _): stage = .paused
        case (.proceed, _): enter(pausedAt)
        case (.intervene(let request), _): interventions.removeAll { $0 == request }
        case (.finish(let outcome), _): return end(outcome)
        }
        return []
    }

    /// The run is over. What still waits to be written is not written any more.
    mutating func end(_ outcome: RunOutcome) -> [Action] {
        stage = .ended(outcome)
        defer { interventions = [] }
        return interventions.map { .decline($0) } + [.end(outcome)]
    }

    /// Goes to a stage whose commands are still to be given.
    mutating func enter(_ next: Stage) {
        stage = next
        isUnderWay = false
    }

    private mutating func closed(_ round: UInt32) {
        closedRound = round
        openRound = nil
        merged = false
        // A wish to stop that came too late leaves a run that is finished.
        ending = verdict ?? (round >= plan.rounds ? .finished : ending)
        enter(.loading)
        isMapStale = true
        isBalanceDue = true
    }

    /// Too many failures end the run after the round, which closes all the same: they would be the same again.
    private mutating func judge(_ round: UInt32, roots: UInt64, failed: UInt64) {
        let product = failed.multipliedFullWidth(by: 1_000_000)
        let limit = roots.multipliedFullWidth(by: plan.toleratedFailures)
        guard (product.high, product.low) > (limit.high, limit.low) else { return }
        verdict = .failed(
            "\(failed) of \(roots) root turns of round \(round) failed, more than limits.failure_rate allows")
    }
}
