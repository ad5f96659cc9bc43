import Foundation
import Glibc
import Support
import TestKit
import Testing

/// A film site, played by all processes: one without an environment's turn, and one whose recommender learns.
@Suite(.serialized) struct RecommendationTests {
    private func arguments(_ coordinator: Coordinator, _ name: String, _ run: String) -> [String] {
        [
            "run", coordinator.configuration(name), "--llm", "emulator", "--agents", "40", "--rounds", "3",
            "--run-dir", coordinator.path(run),
        ]
    }

    @Test(arguments: ["recommendation", "recommendation-town"])
    func aFilmSiteIsTheSameOnOneHostAndOnThree(name: String) async throws {
        let coordinator = try Coordinator()
        for hosts in ["1", "3"] {
            let ending = try await coordinator.call(
                arguments(coordinator, name, hosts) + ["--quiet", "--hosts", hosts])
            #expect(ending.status == .exited(0), "\(ending.errors)")
            let ratings = ending.output.firstMatch(of: /ratings +(\d+)\n/).flatMap { Int($0.1) }
            #expect(ratings ?? 0 > 10, "\(ending.output)")
        }
        #expect(try await coordinator.digests("1") == coordinator.digests("3"))
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("3")])
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    @Test func aKilledHostChangesNothingThatIsRecommended() async throws {
        let coordinator = try Coordinator()
        let run = try await DisturbedRun.start(
            coordinator, "killed", hosts: 2, options: ["--lease", "1"],
            playing: arguments(coordinator, "recommendation-town", "killed"))
        ChildProcess.kill(try await run.process("agent-host"), signal: SIGKILL)
        let ending = try await run.ending()
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(run.paidAgain == 0)
        let calm = arguments(coordinator, "recommendation-town", "calm") + ["--quiet"]
        #expect(try await coordinator.call(calm).status == .exited(0))
        #expect(try await coordinator.digests("killed") == coordinator.digests("calm"))
    }
}
