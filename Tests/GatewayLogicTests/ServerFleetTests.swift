import GatewayLogic
import Support
import Testing

/// Four servers of 50 ms and 200 calls a second, as in front of real ones.
@Suite struct ServerFleetTests {
    private func simulation(_ servers: Int = 4) -> FleetSimulation {
        var simulation = FleetSimulation(servers: servers)
        simulation.arrive(perSecond: 200, untilSecond: 20)
        return simulation
    }

    private func expectAllAnswered(_ simulation: FleetSimulation) {
        #expect(simulation.open.isEmpty)
        #expect(simulation.answered == simulation.calls)
        #expect(simulation.doubleAnswers == 0)
        #expect(simulation.isConsistent)
    }

    @Test func aHangingServerCostsLessThanItsShareInEverySecond() {
        var simulation = simulation()
        simulation.change(2, to: .hanging, atSecond: 6.2)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        let worst = simulation.answersBySecond[1..<20].min() ?? 0
        #expect(worst >= 140, "\(simulation.answersBySecond)")
        #expect(simulation.redispatched > 0)
        let after = simulation.attempts[2].filter { $0.seconds > 7 }
        #expect(after.isEmpty)
    }

    @Test func aServerThatHungIsUsedAgainSoonAfterItGoesOn() throws {
        var simulation = simulation()
        simulation.change(2, to: .hanging, atSecond: 6)
        simulation.change(2, to: .working(.milliseconds(50)), atSecond: 12)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        // A probe that was under way when it went on runs into its own limit first.
        let back = try #require(simulation.answersAt[2].first { $0.seconds > 12 })
        #expect(back.seconds < 16)
        #expect(simulation.answersAt[2].filter { $0.seconds > 17 }.count > 100)
    }

    @Test func aServerThatFailsAtOnceGetsThreeAttemptsAndThenOneInTwoSeconds() {
        var simulation = simulation()
        simulation.change(1, to: .failing, atSecond: 5)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        // What it held when it began to fail is not counted here, but counts for the fleet.
        let bad = simulation.attempts[1].filter { $0.seconds >= 5 }.map(\.seconds)
        for (earlier, later) in zip(bad.dropFirst(2), bad.dropFirst(3)) { #expect(later - earlier >= 2) }
        #expect(bad.count <= 3 + 8)
        #expect(bad.count >= 6)
        #expect(simulation.answersBySecond[1..<20].min() ?? 0 >= 180)
    }

    @Test func aBurstOntoAFailingServerCostsEachOfItsPlacesOnce() {
        var simulation = FleetSimulation(servers: 4)
        simulation.run(untilSecond: 0.1)
        simulation.change(1, to: .failing, atSecond: 0.2)
        simulation.run(untilSecond: 0.3)
        simulation.burst(10_000)
        simulation.run(untilSecond: 1.5)
        #expect(simulation.attempts[1].count <= 32)
        simulation.run(untilSecond: 60)
        expectAllAnswered(simulation)
    }

    @Test func aServerThatWasRestartedIsBackInUseWithinTwoSeconds() throws {
        for downtime in stride(from: 0.3, through: 9.3, by: 0.45) {
            var simulation = simulation()
            simulation.change(3, to: .gone, atSecond: 5)
            simulation.change(3, to: .working(.milliseconds(50)), atSecond: 5 + downtime)
            simulation.run(untilSecond: 25)
            expectAllAnswered(simulation)
            let back = try #require(simulation.answersAt[3].first { $0.seconds > 5 + downtime })
            #expect(back.seconds < 5 + downtime + 2, "after \(downtime) s")
            #expect(simulation.answersBySecond[1..<20].min() ?? 0 >= 180)
        }
    }

    @Test func aLoneServerThatCompilesForMinutesKeepsWhatItHas() {
        for behaviour in [FleetSimulation.Behaviour.hanging, .busyWithItself] {
            var simulation = FleetSimulation(servers: 1)
            simulation.arrive(perSecond: 50, untilSecond: 5)
            simulation.change(0, to: behaviour, atSecond: 3)
            simulation.change(0, to: .working(.milliseconds(50)), atSecond: 111)
            simulation.run(untilSecond: 130)
            expectAllAnswered(simulation)
            #expect(simulation.redispatched == 0)
            // Nothing was sent twice.
            #expect(simulation.attempts[0].count == simulation.calls)
        }
    }

    @Test func aServerThatCompilesBesideOthersIsGivenWorkAgainWhenItAnswers() {
        var simulation = FleetSimulation(servers: 2)
        simulation.arrive(perSecond: 50, untilSecond: 130)
        simulation.change(0, to: .busyWithItself, atSecond: 3)
        simulation.change(0, to: .working(.milliseconds(50)), atSecond: 111)
        simulation.run(untilSecond: 140)
        expectAllAnswered(simulation)
        #expect(simulation.answersBySecond[1..<130].min() ?? 0 >= 35)
        #expect(simulation.told.contains { $0.change == .slow })
        #expect(simulation.answersAt[0].filter { $0.seconds > 125 }.count > 50)
    }

    @Test func aServerWithUnknownTimesIsNotSuspectedWhileItLoads() {
        var simulation = FleetSimulation(servers: 2)
        simulation.run(untilSecond: 0.5)
        simulation.change(0, to: .hanging, atSecond: 0.6)
        simulation.change(1, to: .hanging, atSecond: 0.6)
        simulation.run(untilSecond: 1)
        simulation.burst(20)
        simulation.run(untilSecond: 109)
        #expect(simulation.redispatched == 0)
        simulation.change(0, to: .working(.milliseconds(50)), atSecond: 109.5)
        simulation.change(1, to: .working(.milliseconds(50)), atSecond: 109.5)
        simulation.run(untilSecond: 120)
        expectAllAnswered(simulation)
    }

    @Test func theFleetSurvivesThatAllServersGo() {
        var simulation = simulation()
        for server in 0..<4 {
            simulation.change(server, to: .gone, atSecond: 5)
            simulation.change(server, to: .working(.milliseconds(50)), atSecond: 9)
        }
        simulation.run(untilSecond: 30)
        expectAllAnswered(simulation)
    }

    @Test func aBusyServerIsLeftAloneAndNotTakenForDead() {
        var simulation = simulation()
        simulation.change(0, to: .refusing(.seconds(3)), atSecond: 5)
        simulation.change(0, to: .working(.milliseconds(50)), atSecond: 9)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        #expect(
            !simulation.told.contains { if case .out = $0.change { $0.server == simulation.ids[0] } else { false } })
        // Every request that it refuses is one that another server could have answered.
        let refused = simulation.attempts[0].filter { $0.seconds >= 5 && $0.seconds < 9 }
        #expect(refused.count < 40)
        #expect(simulation.answersAt[0].filter { $0.seconds > 13 }.count > 100)
    }

    @Test func aDrainedServerFinishesWhatItHasAndIsGone() throws {
        var simulation = simulation()
        simulation.run(untilSecond: 5)
        let held = simulation.flights.values.filter { $0.server == 1 }.count
        #expect(held > 0)
        simulation.drain(1)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        #expect(simulation.redispatched == 0)
        #expect(simulation.attempts[1].allSatisfy { $0.seconds <= 5 })
        let removed = try #require(simulation.told.first { $0.change == .removed })
        #expect(removed.at.seconds < 5.1)
        #expect(simulation.fleet.statuses(at: simulation.now).count == 3)
    }

    @Test func aRemovedServersCallsAreSentAgainAtOnce() {
        var simulation = simulation()
        simulation.run(untilSecond: 5)
        simulation.remove(1)
        #expect(simulation.fleet.statuses(at: simulation.now).count == 3)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        #expect(simulation.redispatched > 0)
    }

    @Test func anAddedServerIsUsedAfterItsProbe() {
        var simulation = simulation(1)
        simulation.run(untilSecond: 5)
        simulation.addServer()
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        #expect(simulation.attempts[1].count > 100)
    }

    @Test func hedgesStayWithinTheirBudgetAndOnlyTheTailGetsThem() {
        var simulation = simulation()
        simulation.change(0, to: .hanging, atSecond: 19.9)
        simulation.run(untilSecond: 25)
        expectAllAnswered(simulation)
        #expect(simulation.hedged > 0)
        #expect(simulation.hedged * 50 <= simulation.calls)
    }

    @Test func failuresEverywhereAreNotMultipliedByRetries() {
        var simulation = simulation()
        for server in 0..<4 {
            simulation.change(server, to: .failing, atSecond: 5)
            simulation.change(server, to: .working(.milliseconds(50)), atSecond: 15)
        }
        simulation.run(untilSecond: 40)
        expectAllAnswered(simulation)
        // What is sent in the very moment of the first failures cannot know of them.
        for server in 0..<4 {
            #expect(simulation.attempts[server].filter { $0.seconds >= 5.1 && $0.seconds < 15 }.count <= 5)
        }
    }

    @Test func aServerOnTrialWithoutTheModelIsAskedWhatItServes() {
        var fleet = ServerFleet()
        var now = Instant(nanoseconds: 1_000_000_000)
        let server = fleet.add("one")
        fleet.probed(server, ServerFacts(models: [ServedModel("m")]), at: now)
        for flight in 1...3 as ClosedRange<UInt64> {
            fleet.dispatched(flight: flight, call: flight, on: server, model: "m", answerTokens: 8, at: now)
            fleet.ended(flight, .failed, at: now)
        }
        now = now + .seconds(2.1)
        fleet.tick(waiting: 1, at: now)
        #expect(fleet.status(of: server, at: now)?.state == .trial(.failing))
        fleet.dispatched(flight: 4, call: 4, on: server, model: "m", answerTokens: 8, at: now)
        fleet.ended(4, .lacksModel, at: now)
        _ = fleet.takeActions()
        now = now + .seconds(6)
        fleet.tick(waiting: 1, at: now)
        #expect(fleet.takeActions() == [.probe(server, .full)])
        fleet.probed(server, ServerFacts(models: [ServedModel("m"), ServedModel("n")]), at: now)
        #expect(fleet.serves(server, "m"))
        #expect(fleet.rooms(at: now).map(\.free) == [1])
    }
}
