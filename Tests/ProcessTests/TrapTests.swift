import Foundation
import Support
import Testing

/// Scenarios whose code ends the process that it runs in.
@Suite(.serialized) struct TrapTests {
    /// Everybody asks the next one. In round 2 some are fatal, in the way that `traps` says by their numbers, and some
    /// are busy.
    private func town(
        _ coordinator: Coordinator, traps: [Int: String], busy: Set<Int> = [], people: Int = 8,
        memory: String = "none"
    ) throws -> String {
        let records = (1...people).map { number in
            "{\"id\": \"p\(number)\", \"name\": \"P\(number)\", \"asks\": \"p\(number % people + 1)\", "
                + "\"busy\": \(busy.contains(number)), \"trap\": \"\(traps[number] ?? "")\"}"
        }
        let files = [
            "people.json": "[\(records.joined(separator: ","))]", "prompts/look.mustache": "Where to?",
            "town.yaml": """
            name: town
            seed: 3
            rounds: 2
            partitions: 4
            scenario: { name: trap-town, prompts: prompts }
            populations: { person: { file: people.json } }
            memory: { kind: \(memory), short: 1, reflection_threshold: 0.1 }
            limits: { failure_rate: 1 }
            """,
        ]
        let folder = coordinator.path("town")
        try FileManager.default.createDirectory(atPath: "\(folder)/prompts", withIntermediateDirectories: true)
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        return "\(folder)/town.yaml"
    }

    /// Which turns failed, by agent, kind and reason.
    private func failures(_ recorded: Recorded) throws -> String? {
        try recorded.text(
            """
            SELECT group_concat(failure, ', ') FROM (
                SELECT agents.id || ' ' || turns.kind || ' ' || reason AS failure
                FROM failures JOIN turns ON turns.id = failures.turn JOIN agents ON agents.agent = failures.agent
                ORDER BY failures.agent)
            """)
    }

    /// At how many traps others' code was running, too. Before a turn is suspect on a host, each of two may have had
    /// two.
    private func sharedTraps(_ recorded: Recorded) throws -> Int {
        try recorded.count("SELECT count(*) FROM (SELECT 1 FROM traps GROUP BY host, life HAVING count(*) > 1)")
    }

    /// Plays a run to its end. With backtraces each trap takes some seconds.
    private func play(
        _ coordinator: Coordinator, _ town: String, _ run: String, hosts: Int, backtraces: Bool = false
    ) async throws {
        let ending = try await coordinator.call(
            [
                "run", town, "--llm", "emulator", "--run-dir", coordinator.path(run), "--quiet", "--lease", "1",
                "--hosts", "\(hosts)",
            ], program: "trap-town", environment: backtraces ? [] : ["SWIFT_BACKTRACE=enable=no"])
        #expect(ending.status == .exited(0), "\(ending.errors)")
    }

    @Test(arguments: [("act", "p4"), ("answer", "p3"), ("act without end", "p4")])
    func aTurnThatEndsItsHostFailsAndTheRunGoesOn(trap: String, failed: String) async throws {
        let coordinator = try Coordinator()
        try await play(coordinator, try town(coordinator, traps: [4: trap]), "run", hosts: 2, backtraces: true)
        let recorded = try Recorded(coordinator.path("run"))
        #expect(try failures(recorded) == "\(failed) act trapped")
        #expect(try recorded.count("SELECT count(*) FROM events") == 15)
        #expect(try recorded.count("SELECT sum(alone) FROM traps") >= 3)
        for command in ["verify", "replay"] {
            let ending = try await coordinator.call([command, coordinator.path("run")], program: "trap-town")
            #expect(ending.status == .exited(0), "\(command): \(ending.output)\(ending.errors)")
        }
    }

    @Test func whatFailsForItsTrapsIsTheSameOnOneHostAndOnTwo() async throws {
        let coordinator = try Coordinator()
        let town = try town(coordinator, traps: [4: "act"])
        for hosts in [1, 2] { try await play(coordinator, town, "\(hosts)", hosts: hosts) }
        #expect(try await coordinator.digests("1") == coordinator.digests("2"))
    }

    @Test func moreTrapsThanAProcessMayHaveEndsEndNoRun() async throws {
        let coordinator = try Coordinator()
        let fatal = 1...8
        let traps = Dictionary(uniqueKeysWithValues: fatal.map { ($0, "act") })
        try await play(coordinator, try town(coordinator, traps: traps, people: 10), "run", hosts: 1)
        let recorded = try Recorded(coordinator.path("run"))
        #expect(try failures(recorded) == fatal.map { "p\($0) act trapped" }.joined(separator: ", "))
        #expect(try recorded.count("SELECT count(DISTINCT life) FROM traps") > 20)
        #expect(try recorded.count("SELECT count(*) FROM events") == 12)
    }

    @Test func anAskedAgentThatTrapsOnAnotherHostIsFoundOutAmongBusyNeighbours() async throws {
        let coordinator = try Coordinator()
        let busy = Set(1...12).subtracting([5, 11])
        let town = try town(coordinator, traps: [6: "answer", 12: "answer"], busy: busy, people: 12)
        try await play(coordinator, town, "run", hosts: 2)
        let recorded = try Recorded(coordinator.path("run"))
        #expect(try failures(recorded) == "p5 act trapped, p11 act trapped")
        #expect(try sharedTraps(recorded) <= 8)
        // One of them at least asks an agent of the other host: partitions are dealt out in turns.
        let across = try recorded.count(
            """
            SELECT count(*) FROM agents a, agents b
            WHERE (a.id, b.id) IN (VALUES ('p5', 'p6'), ('p11', 'p12')) AND (a.partition + b.partition) % 2 = 1
            """)
        #expect(across > 0)
    }

    @Test func aConsolidationThatTrapsFailsAmongBusyNeighbours() async throws {
        let coordinator = try Coordinator()
        let busy = Set(1...8).subtracting([4])
        let town = try town(coordinator, traps: [4: "consolidate"], busy: busy, memory: "fatal")
        try await play(coordinator, town, "run", hosts: 2)
        let recorded = try Recorded(coordinator.path("run"))
        #expect(try failures(recorded) == "p4 consolidate trapped")
        #expect(try sharedTraps(recorded) <= 4)
        #expect(try recorded.count("SELECT count(*) FROM events WHERE name = 'looked'") == 16)
    }
}
