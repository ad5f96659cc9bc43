/// What the steps of a turn are likely to cost: calls to the model, and memories written.
struct StepCost: Equatable {
    var least = 0
    var likely = 0
    var most = 0
    var memories = 0

    /// Elements that a loop is taken to have.
    private static let elements = 3

    /// The cost of these steps. Those with a condition may be left out; loops are taken to be short.
    init(_ steps: [Step]) {
        for step in steps {
            var cost = StepCost()
            switch step.action {
            case .ask: (cost.least, cost.likely, cost.most) = (1, 1, 1)
            case .remember: cost.memories = 1
            case .each(_, _, let inner):
                cost = StepCost(inner)
                cost.least = 0
                cost.likely *= Self.elements
                cost.most *= Self.elements
                cost.memories *= Self.elements
            case .compute, .set, .add, .collect, .tell, .post, .event: break
            }
            least += step.condition == nil ? cost.least : 0
            likely += cost.likely
            most += cost.most
            memories += cost.memories
        }
    }

    private init() {}
}
