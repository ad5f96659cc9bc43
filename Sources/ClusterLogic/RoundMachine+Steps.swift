extension RoundMachine {
    /// A host has completed a step. What does not belong to the present phase and round is an echo.
    mutating func take(_ step: HostStep, from host: UInt32, round: UInt32) -> [Action] {
        switch (step, phase) {
        case (.ready, .loading(var waiting)) where round == closedRound:
            waiting.remove(host)
            phase = .loading(waiting: waiting)
            return waiting.isEmpty ? begin() : []
        case (.roundFinished, .running(let current, var waiting)) where round == current:
            waiting.remove(host)
            phase = .running(round: current, waiting: waiting)
            return waiting.isEmpty ? merge(current) : []
        case (.environmentFinished, .environment(let current)) where round == current:
            guard host == table.environmentHolder else { return [] }
            return close(current)
        case (.advanced, .advancing(let current, var waiting)) where round == current:
            waiting.remove(host)
            phase = .advancing(round: current, waiting: waiting)
            return waiting.isEmpty ? open(current + 1) : []
        case (.drained, .draining(let current, var waiting)) where round == current:
            waiting.remove(host)
            phase = .draining(round: current, waiting: waiting)
            return waiting.isEmpty ? finish(ending ?? .stopped) : []
        default: return []
        }
    }

    /// The recorder has done what it was asked for.
    mutating func recorded(_ event: Event) -> [Action] {
        switch (event, phase) {
        case (.leasesRecorded, .granting):
            if let ending { return finish(ending) }
            phase = .loading(waiting: Set(present))
            return [.send(.lease(closedRound: closedRound), to: present)]
        case (.roundOpened(let round), .opening(let current)) where round == current:
            openRound = round
            if let ending { return finish(ending) }
            phase = .running(round: round, waiting: Set(present))
            return [.send(.start(round: round, time: plan.time(ofRound: round)), to: present)]
        case (.roundMerged(let round, let roots, let failed), .merging(let current)) where round == current:
            merged = true
            if let ending { return finish(ending) }
            judge(round, roots: roots, failed: failed)
            guard plan.hasEnvironment, let holder = table.environmentHolder else { return close(round) }
            phase = .environment(round: round)
            return [.send(.environment(round: round), to: [holder])]
        case (.roundClosed(let round), .closing(let current)) where round == current: return closed(round)
        case (.runFinished, .finishing(let outcome)):
            phase = .ended(outcome)
            return [.end(outcome)]
        default: return []
        }
    }

    /// The run is to end. What was decided first stays.
    mutating func stop(_ outcome: RunOutcome, drains: Bool) -> [Action] {
        switch phase {
        case .finishing, .ended: return []
        case .draining: return drains ? [] : finish(ending ?? outcome)
        case .granting, .opening, .merging, .closing:
            // The recorder's answer is on its way, and then the run ends.
            decide(outcome)
            return []
        case .registering, .loading, .advancing:
            decide(outcome)
            return finish(ending ?? outcome)
        case .running(let round, _), .environment(let round):
            decide(outcome)
            let left = present
            guard drains, !left.isEmpty else { return finish(ending ?? outcome) }
            phase = .draining(round: round, waiting: Set(left))
            // A person may wait, and may ask a second time; a problem is not to hold the run for ever.
            return [.send(.drain(round: round), to: left)] + (ending == .stopped ? [] : [.limitDrain])
        }
    }

    mutating func finish(_ outcome: RunOutcome) -> [Action] {
        phase = .finishing(outcome)
        return [.finishRun(outcome)]
    }

    /// Goes on where the record stands.
    private mutating func begin() -> [Action] {
        guard let round = openRound else {
            return closedRound >= plan.rounds ? finish(.finished) : open(closedRound + 1)
        }
        return merged ? merge(round) : open(round)
    }

    private mutating func open(_ round: UInt32) -> [Action] {
        phase = .opening(round: round)
        merged = false
        return [.openRound(round, time: plan.time(ofRound: round))]
    }

    private mutating func merge(_ round: UInt32) -> [Action] {
        phase = .merging(round: round)
        return [.mergeRound(round, time: plan.time(ofRound: round))]
    }

    private mutating func close(_ round: UInt32) -> [Action] {
        phase = .closing(round: round)
        return [.closeRound(round, time: plan.time(ofRound: round))]
    }

    private mutating func closed(_ round: UInt32) -> [Action] {
        closedRound = round
        openRound = nil
        merged = false
        if case .failed(let reason) = ending { return finish(.failed(reason)) }
        if round >= plan.rounds { return finish(.finished) }
        if let ending { return finish(ending) }
        phase = .advancing(round: round, waiting: Set(present))
        return [.send(.advance(round: round), to: present)]
    }

    private mutating func decide(_ outcome: RunOutcome) {
        if ending == nil { ending = outcome }
    }

    /// Too many failures end the run after the round, which closes all the same: they would be the same again.
    private mutating func judge(_ round: UInt32, roots: UInt64, failed: UInt64) {
        let product = failed.multipliedFullWidth(by: 1_000_000)
        let limit = roots.multipliedFullWidth(by: plan.toleratedFailures)
        guard (product.high, product.low) > (limit.high, limit.low) else { return }
        decide(
            .failed("\(failed) of \(roots) root turns of round \(round) failed, more than limits.failure_rate allows"))
    }
}
