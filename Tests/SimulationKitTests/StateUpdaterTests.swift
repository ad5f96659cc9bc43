import Model
import SimulationKit
import Testing

@Suite struct StateUpdaterTests {
    @Test(arguments: [
        (Int64.max, Int64.max, Int64.max), (.max, 1, .max), (.min, -1, .min), (.max, -1, .max - 1), (3, 4, 7),
    ])
    func sumsStopWhereThoseOfTheMergeDo(_ start: Int64, _ amount: Int64, _ sum: Int64) throws {
        let updater = StateUpdater(memory: MemorySettings(), population: try Population([]))
        var state = AgentState()
        updater.apply(.set(field: "x", value: .int(start)), to: &state, of: .environment)
        updater.apply(.add(field: "x", amount: amount), to: &state, of: .environment)
        #expect(state.fields["x"] == .int(sum))
    }
}
