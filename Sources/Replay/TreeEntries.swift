import Model
import SimulationKit

/// A tree as a list of what happened in it, so that two can be compared line by line.
struct TreeEntry: Equatable {
    /// Numbers from the root to it: the order of the tree.
    var place: [UInt32]
    /// The turn that it belongs to.
    var path: [UInt32]
    /// Whose turn that is.
    var agent: AgentID
    /// Its number there, nil for the turn itself.
    var number: UInt32?
    /// What it is.
    var text: String

    /// The turns of a tree, the answers that they used, their changes and failures, in order.
    static func list(_ tree: Tree, _ texts: ReadableTexts) -> [TreeEntry] {
        var entries: [TreeEntry] = []
        for turn in tree.turns {
            func add(_ number: UInt32?, _ text: String) {
                let place = turn.path + (number.map { [$0] } ?? [])
                entries.append(TreeEntry(place: place, path: turn.path, agent: turn.agent, number: number, text: text))
            }
            add(nil, "a turn of \(texts.population.id(of: turn.agent))")
            for use in turn.outcomes { add(use.number, "an answer with the hash \(use.result)") }
            for operation in turn.operations { add(operation.number, texts.operation(operation)) }
            if let failure = turn.failure {
                entries.append(
                    TreeEntry(
                        place: turn.path + [.max], path: turn.path, agent: turn.agent, number: nil,
                        text: "fails, \(failure.reason): \(failure.text)"))
            }
        }
        return entries.sorted { $0.place.lexicographicallyPrecedes($1.place) }
    }

    /// The first place where two lists differ, with what stands there in each.
    static func firstDifference(_ left: [TreeEntry], _ right: [TreeEntry]) -> (TreeEntry?, TreeEntry?)? {
        for index in 0..<max(left.count, right.count) {
            let (one, other) = (
                index < left.count ? left[index] : nil, index < right.count ? right[index] : nil
            )
            guard let one, let other else { return (one, other) }
            if one == other { continue }
            if one.place == other.place { return (one, other) }
            return one.place.lexicographicallyPrecedes(other.place) ? (one, nil) : (nil, other)
        }
        return nil
    }
}
