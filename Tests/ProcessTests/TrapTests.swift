import Foundation
import Support
import Testing

/// Scenarios whose code ends the process that it runs in.
@Suite(.serialized) struct TrapTests {
    /// Everybody asks the next one; the fourth is fatal in round 2.
    private func town(_ coordinator: Coordinator, trap: String) throws -> String {
        let people = (1...8).map { number in
            "{\"id\": \"p\(number)\", \"name\": \"P\(number)\", \"asks\": \"p\(number % 8 + 1)\", "
                + "\"trap\": \"\(number == 4 ? trap : "")\"}"
        }
        let files = [
            "people.json": "[\(people.joined(separator: ","))]", "prompts/look.mustache": "Where to?",
            "town.yaml": """
            name: town
            seed: 3
            rounds: 2
            partitions: 4
            scenario: { name: trap-town, prompts: prompts }
            populations: { person: { file: people.json } }
            memory: { kind: none }
            limits: { failure_rate: 1 }
            """,
        ]
        let folder = coordinator.path("town-\(trap.replacing(" ", with: "-"))")
        try FileManager.default.createDirectory(atPath: "\(folder)/prompts", withIntermediateDirectories: true)
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        return "\(folder)/town.yaml"
    }

    private func play(_ coordinator: Coordinator, _ town: String, _ run: String, hosts: Int) async throws {
        let ending = try await coordinator.call(
            [
                "run", town, "--llm", "emulator", "--run-dir", coordinator.path(run), "--quiet", "--lease", "1",
                "--hosts", "\(hosts)",
            ], program: "trap-town")
        #expect(ending.status == .exited(0), "\(ending.errors)")
    }

    @Test(arguments: [("act", "p4"), ("answer", "p3"), ("act without end", "p4")])
    func aTurnThatEndsItsHostFailsAndTheRunGoesOn(trap: String, failed: String) async throws {
        let coordinator = try Coordinator()
        try await play(coordinator, try town(coordinator, trap: trap), "run", hosts: 2)
        let recorded = try Recorded(coordinator.path("run"))
        let failures = try recorded.text(
            "SELECT group_concat(agents.id || ' ' || reason) FROM failures JOIN agents ON agents.agent = failures.agent"
        )
        #expect(failures == "\(failed) trapped")
        #expect(try recorded.count("SELECT count(*) FROM events") == 15)
        #expect(try recorded.count("SELECT sum(alone) FROM traps") >= 3)
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("run")], program: "trap-town")
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    @Test func whatFailsForItsTrapsIsTheSameOnOneHostAndOnTwo() async throws {
        let coordinator = try Coordinator()
        let town = try town(coordinator, trap: "act")
        for hosts in [1, 2] { try await play(coordinator, town, "\(hosts)", hosts: hosts) }
        #expect(try await coordinator.digests("1") == coordinator.digests("2"))
    }
}
