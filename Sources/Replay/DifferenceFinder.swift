import ClusterLogic
import Hashing
import Model
import Recording
import SimulationKit
import TurnEngine

/// Says of a root turn that did not come to its recorded tree where it first went another way.
struct DifferenceFinder {
    let reader: RecordingReader
    let texts: ReadableTexts
    let round: UInt32
    let contents: RecordedContents

    /// The first difference of a root that is recorded.
    func difference(of replayed: ReplayedRoot, recorded: RecordedRoot) throws -> ReplayDifference {
        let tree = try reader.tree(recorded.tree)
        let (found, place) = try first(replayed, recorded: tree)
        guard let (cause, causePlace) = altered(tree, root: replayed.root, before: place) else { return found }
        var difference = cause
        if causePlace != place { difference.consequences = [found] }
        return difference
    }

    /// A root that only one side has.
    func onlyPlanned(_ root: PlannedRoot) -> ReplayDifference {
        make(
            root.kind, root.agent, path: [], agent: root.agent, number: nil,
            what: "the recording holds no such root turn", recorded: "",
            executed: "a root turn of \(texts.population.id(of: root.agent))")
    }

    /// A root that only one side has.
    func onlyRecorded(_ root: RecordedRoot) -> ReplayDifference {
        make(
            root.kind, root.agent, path: [], agent: root.agent, number: nil,
            what: "the round no longer needs this root turn",
            recorded: "a root turn of \(texts.population.id(of: root.agent))", executed: "")
    }

    /// All trees are equal, and they are recorded as merged in another order.
    func ofOrder(_ root: PlannedRoot, recorded: RecordedRoot) -> ReplayDifference {
        make(
            root.kind, root.agent, path: [], agent: root.agent, number: nil,
            what: "the trees are recorded in another order than they merge in",
            recorded: "the tree of \(texts.population.id(of: recorded.agent))",
            executed: "the tree of \(texts.population.id(of: root.agent))")
    }

    /// All trees are equal and the round's digest is not: what it decided on claims, or the digest itself.
    func ofRound(claims: [ClaimDecision], digest: Digest256, recorded: Digest256?) throws -> ReplayDifference {
        let known = try reader.claims(ofRound: round)
        func text(_ claim: ClaimDecision?) -> String {
            guard let claim else { return "" }
            return "\(texts.population.id(of: claim.claimant)) claims \(claim.amount) \(claim.resource) of "
                + "\(texts.population.id(of: claim.owner)): \(claim.granted ? "granted" : "refused")"
        }
        var difference = ReplayDifference(
            round: round, agent: "", turn: "", number: nil, what: "the digest of the round is another",
            recorded: recorded.map { "\($0)" } ?? "", executed: "\(digest)")
        for index in 0..<max(known.count, claims.count) {
            let (one, other) = (
                index < known.count ? known[index] : nil, index < claims.count ? claims[index] : nil
            )
            guard one != other else { continue }
            difference.what = "a claim is decided otherwise"
            (difference.recorded, difference.executed) = (text(one), text(other))
            break
        }
        return difference
    }

    // MARK: Inside a root turn

    private func first(_ replayed: ReplayedRoot, recorded: Tree) throws -> (ReplayDifference, place: [UInt32]) {
        let root = replayed.root
        if let miss = replayed.misses.first { return (try difference(of: miss, root, recorded), miss.place) }
        let entries = TreeEntry.list(recorded, texts)
        guard let tree = replayed.tree else {
            return (
                make(
                    root.kind, root.agent, path: [], agent: root.agent, number: nil,
                    what: "the turn cannot be executed", recorded: entries.first?.text ?? "",
                    executed: replayed.interruption), []
            )
        }
        let (one, other) = TreeEntry.firstDifference(entries, TreeEntry.list(tree, texts)) ?? (nil, nil)
        let entry = one ?? other
        let (left, right) = Excerpt.pair(one?.text ?? "", other?.text ?? "")
        return (
            make(
                root.kind, root.agent, path: entry?.path ?? [], agent: entry?.agent ?? root.agent,
                number: entry?.number,
                what: "the turn came to something else", recorded: left, executed: right), entry?.place ?? []
        )
    }

    private func difference(of miss: Miss, _ root: PlannedRoot, _ recorded: Tree) throws -> ReplayDifference {
        let executed =
            switch miss.request {
            case .completion(let spec): texts.request(spec)
            case .embedding(let list): texts.request(list)
            }
        var difference = make(
            root.kind, root.agent, path: miss.path, agent: miss.agent, number: miss.call.number,
            what: "the recording holds no such call", recorded: "", executed: Excerpt.start(executed))
        if let (record, isVoid) = try reader.outcomes(of: miss.call, root: root.turn).first {
            let known =
                switch record.content {
                case .completion(let spec, _): texts.request(spec)
                case .embedding(_, let list, _): texts.request(list)
                }
            difference.what = known == executed ? "the hash of the request is another" : "the call asks something else"
            if isVoid { difference.what += " than the one recorded as void" }
            (difference.recorded, difference.executed) = Excerpt.pair(known, executed)
        } else if let entry = TreeEntry.list(recorded, texts).first(where: {
            $0.path == miss.path && ($0.number ?? 0) >= miss.call.number && $0.number != nil
        }) {
            difference.recorded = "number \(entry.number ?? 0): " + Excerpt.start(entry.text)
        }
        return difference
    }

    /// The first answer up to a place that is not the one that its turn used: whoever changed it changed what follows.
    private func altered(
        _ tree: Tree, root: PlannedRoot, before place: [UInt32]
    ) -> (ReplayDifference, place: [UInt32])? {
        let uses = tree.turns.flatMap { turn in turn.outcomes.map { (turn, $0, turn.path + [$0.number]) } }
            .sorted { $0.2.lexicographicallyPrecedes($1.2) }
        for (turn, use, usePlace) in uses where !place.lexicographicallyPrecedes(usePlace) {
            let known = contents.outcomes[turn.turn(under: root.turn)]?[use.number]
            guard case .answer(let answer, let rejection)? = known?.content else { continue }
            let outcome = CompletionOutcome(
                answer: answer, rejection: rejection, rejected: [], promptTokens: 0, completionTokens: 0, model: "")
            guard outcome.resultHash != use.result else { continue }
            return (
                make(
                    root.kind, root.agent, path: turn.path, agent: turn.agent, number: use.number,
                    what: "the recorded answer is not the one that the turn used",
                    recorded: "an answer with the hash \(use.result)",
                    executed: Excerpt.start(answer ?? rejection)), usePlace
            )
        }
        return nil
    }

    private func make(
        _ kind: RootKind, _ root: AgentID, path: [UInt32], agent: AgentID, number: UInt32?, what: String,
        recorded: String, executed: String
    ) -> ReplayDifference {
        let name =
            switch kind {
            case .act: "act turn"
            case .consolidate: "consolidate turn"
            case .environment: "environment turn"
            }
        let turn = path.isEmpty ? name : "passive turn in the \(name) of \(texts.population.id(of: root))"
        return ReplayDifference(
            round: round, agent: texts.population.id(of: agent), turn: turn, number: number, what: what,
            recorded: recorded, executed: executed)
    }
}
