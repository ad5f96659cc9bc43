import GatewayLogic
import Hashing
import Support
import Testing

@Suite struct FleetRandomTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func noFlightIsLostOrCountedTwiceWhateverTheServersDo(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        var simulation = FleetSimulation(servers: 1 + draw.below(5), tellsLoad: draw.below(2) == 0, seed: seed)
        simulation.parallel = 1 + draw.below(30)
        simulation.arrive(perSecond: Double(20 + draw.below(300)), untilSecond: 15)
        let servers = simulation.ids.count
        for _ in 0..<(3 + draw.below(15)) {
            let server = draw.below(servers)
            let begin = Double(draw.below(12_000)) / 1_000
            let behaviours: [FleetSimulation.Behaviour] = [
                .hanging, .busyWithItself, .failing, .gone, .refusing(nil), .refusing(.seconds(1)),
                .working(.milliseconds(UInt64(5 + draw.below(400)))),
            ]
            simulation.change(server, to: behaviours[draw.below(behaviours.count)], atSecond: begin)
        }
        for server in 0..<servers { simulation.change(server, to: .working(.milliseconds(50)), atSecond: 15) }
        for step in 1...300 {
            simulation.run(untilSecond: Double(step) / 10)
            #expect(simulation.isConsistent, "seed \(seed) at step \(step)")
            switch draw.below(80) {
            case 0: simulation.addServer()
            case 1 where step < 140: simulation.drain(draw.below(simulation.ids.count))
            case 2 where step < 140: simulation.remove(draw.below(simulation.ids.count))
            default: break
            }
        }
        if simulation.fleet.statuses(at: simulation.now).allSatisfy(\.isDraining) { simulation.addServer() }
        simulation.run(untilSecond: 400)
        #expect(simulation.open.isEmpty, "seed \(seed): \(simulation.open.count) calls are left")
        #expect(simulation.answered == simulation.calls, "seed \(seed)")
        #expect(simulation.doubleAnswers == 0, "seed \(seed)")
        #expect(simulation.fleet.inFlight == 0, "seed \(seed)")
    }
}
