import Foundation
import Support
import Testing

/// Runs that end before their last round because their scenario says so.
@Suite struct EndOfRunTests {
    @Test func aRunEndsWithTheRoundInWhichItsStopRuleHoldsAndGoesOnWithMore() async throws {
        let coordinator = try Coordinator()
        let path = try coordinator.configuration("survey") {
            $0.replacing("populations:", with: "    stop: round >= 2\npopulations:")
        }
        let ending = try await coordinator.call(
            [
                "run", path, "--llm", "emulator", "--rounds", "9", "--agents", "20", "--quiet", "--run-dir",
                coordinator.path("run"),
            ])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.contains("finished after round 2 of 9"), "\(ending.output)")
        let more = try await coordinator.call(["run", "--resume", coordinator.path("run"), "--rounds", "4", "--quiet"])
        #expect(more.status == .exited(0), "\(more.errors)")
        #expect(more.output.contains("finished after round 3 of 4"), "\(more.output)")
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("run")])
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }
}
