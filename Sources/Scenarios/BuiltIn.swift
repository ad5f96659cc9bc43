import Declarative
import GroupDiscussion
import JobMarket
import SimulationKit

extension ScenarioRegistry {
    /// The scenarios that come with GenSim.
    public static let builtIn = ScenarioRegistry([JobMarketScenario.self, GroupDiscussionScenario.self, DeclarativeScenario.self])
}
