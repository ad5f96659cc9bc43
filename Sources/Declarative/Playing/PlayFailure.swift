import Model
import SimulationKit

extension TurnFailed {
    /// A step could not be taken, for a reason that is the same on every rerun.
    static func step(_ what: String) -> TurnFailed { TurnFailed(.init(reason: .scenarioError, text: what)) }
}
