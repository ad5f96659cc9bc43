import Declarative
import GroupDiscussion
import JobMarket
import Recommendation
import SimulationKit

extension ScenarioRegistry {
    /// The scenarios that come with GenSim.
    public static let builtIn = ScenarioRegistry([
        JobMarketScenario.self, GroupDiscussionScenario.self, RecommendationScenario.self, DeclarativeScenario.self,
    ])
}
