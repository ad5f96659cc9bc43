import Testing

/// The same run on other machines: same digests.
@Suite(.serialized) struct DeterminismTests {
    @Test func theResultDependsOnTheSeedAloneNotOnHostsOrPartitions() async throws {
        let coordinator = try Coordinator()
        let variants = [
            ("one", ["--hosts", "1", "--partitions", "64"]), ("three", ["--hosts", "3", "--partitions", "64"]),
            ("few", ["--hosts", "3", "--partitions", "16"]), ("other", ["--seed", "99"]),
        ]
        var chains: [String: String] = [:]
        for (name, arguments) in variants {
            let ending = try await coordinator.play(name, arguments + ["--quiet"])
            #expect(ending.status == .exited(0), "\(name): \(ending.errors)")
            chains[name] = try await coordinator.digests(name)
        }
        let one = try #require(chains["one"])
        #expect(one.split(separator: "\n").count == 2)
        #expect(one == chains["three"])
        #expect(one == chains["few"])
        #expect(one != chains["other"])
    }

    @Test func everyRecordingVerifies() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("run", ["--quiet"]).status == .exited(0))
        let ending = try await coordinator.call(["verify", coordinator.path("run")])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(ending.output.contains("2 rounds"))
    }

    @Test func aFinishedRunThatIsExtendedIsTheRunThatWasLongerFromTheStart() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("short", ["--quiet", "--rounds", "1"]).status == .exited(0))
        let ending = try await coordinator.call(
            ["run", "--resume", coordinator.path("short"), "--rounds", "2", "--hosts", "2", "--quiet"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(try await coordinator.play("long", ["--quiet"]).status == .exited(0))
        #expect(try await coordinator.digests("short") == coordinator.digests("long"))
    }

    @Test func aRunThatGoesOnFromItsSnapshotsIsTheRunInOneGo() async throws {
        let coordinator = try Coordinator()
        #expect(try await coordinator.play("parts", ["--quiet", "--hosts", "2"], rounds: 3).status == .exited(0))
        let ending = try await coordinator.call(
            ["run", "--resume", coordinator.path("parts"), "--rounds", "5", "--hosts", "2", "--quiet"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
        #expect(try await coordinator.play("whole", ["--quiet"], rounds: 5).status == .exited(0))
        #expect(try await coordinator.digests("parts") == coordinator.digests("whole"))
        for run in ["parts", "whole"] {
            let ending = try await coordinator.call(["verify", coordinator.path(run)])
            #expect(ending.status == .exited(0), "\(ending.output)\(ending.errors)")
        }
    }
}
