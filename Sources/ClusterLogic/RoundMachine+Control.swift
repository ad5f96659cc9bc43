extension RoundMachine {
    /// The run is to end. What was decided first stays; without `drains` nothing in flight is waited for.
    mutating func stop(_ outcome: RunOutcome, drains: Bool) -> [Action] {
        switch stage {
        case .finishing, .ended: return []
        case .draining(let round, let waiting):
            let isNew = ending == nil
            if isNew { ending = verdict ?? outcome }
            if !drains { stage = .draining(round, waiting: []) }
            return isNew && drains && !waiting.isEmpty ? limit(outcome) : []
        case .running(let round) where isUnderWay && ending == nil,
            .environment(let round) where isUnderWay && ending == nil:
            ending = verdict ?? outcome
            let left = playing
            guard drains, !left.isEmpty else { return [] }
            stage = .draining(round, waiting: Set(left))
            return [.send(.drain(round: round), to: left)] + limit(outcome)
        default:
            // Nothing runs: the run ends as soon as the recorder has answered what is on its way.
            if ending == nil { ending = verdict ?? outcome }
            return []
        }
    }

    /// The run is to stand still: at once where nothing runs, else when what is in flight has ended. The environment's
    /// turn is let through, and the round closed.
    mutating func pause() -> [Action] {
        guard ending == nil else { return [] }
        isPauseWanted = true
        guard case .running(let round) = stage, isUnderWay else { return [] }
        let left = playing
        stage = .draining(round, waiting: Set(left))
        return left.isEmpty ? [] : [.send(.drain(round: round), to: left)]
    }

    /// Hosts that may have turns in flight: those that have joined since the last map have none.
    private var playing: [UInt32] { present.filter { hosts[Int($0)].told > 0 } }

    /// A person may wait, and may ask a second time; a problem is not to hold the run for ever.
    private func limit(_ outcome: RunOutcome) -> [Action] { outcome == .stopped ? [] : [.limitDrain] }
}
