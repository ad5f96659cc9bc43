import Foundation
import ServiceRuntime
import TestKit
import Testing

/// What the processes of a run expose, against what the documentation says.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MetricsTests {
    /// A row of the tables in docs/metrics.md.
    private struct Row: Hashable {
        var name: String
        var kind: String
        var labels: Set<String>
    }

    private struct Status: Decodable { var metrics: [String: String] }

    private static let roles = ["agent-host", "coordinator", "embedding-gateway", "llm-gateway", "recorder"]
    private static let everyProcess = "Every process"

    /// The rows of the documentation by the heading above them.
    private static func documented() throws -> [String: Set<Row>] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/metrics.md")
        var rows: [String: Set<Row>] = [:]
        var heading = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            try #require(cells.count == 4, "\(line)")
            let labels = cells[2].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            let row = Row(name: cells[0], kind: cells[1], labels: Set(labels))
            #expect(rows[heading, default: []].insert(row).inserted, "\(row.name) is there twice")
        }
        return rows
    }

    private static func client(_ address: String) throws -> LoopbackHTTP {
        LoopbackHTTP(port: try #require(address.split(separator: ":").last.flatMap { Int($0) }))
    }

    @Test func everyMetricIsDocumentedAndEveryDocumentedOneIsThere() async throws {
        let documented = try Self.documented()
        let common = try #require(documented[Self.everyProcess])
        let run = try await DisturbedRun.start(try Coordinator())
        let status = try await run.coordinator.call(["status", run.path, "--json"])
        let addresses = try JSONDecoder().decode(Status.self, from: Data(status.output.utf8)).metrics
        #expect(addresses.keys.sorted() == ["agent-host-1"] + Self.roles.dropFirst())
        for (process, address) in addresses {
            let client = try Self.client(address)
            let role = process.hasPrefix("agent-host") ? "agent-host" : process
            let text = try ExpositionText(try await client.get("/metrics").body)
            #expect(text.value("gensim_build_info", ["version": ProgramVersion.current, "role": role]) == 1)
            #expect(try await client.get("/readyz").status == 200, "\(process)")
            let expected = try #require(documented[role]).union(common)
            #expect(text.families.keys.sorted() == expected.map(\.name).sorted(), "\(process)")
            for row in expected {
                let family = try #require(text.families[row.name])
                #expect(family.kind == row.kind, "\(row.name)")
                for sample in family.samples {
                    #expect(Set(sample.labels.keys).subtracting(["le"]) == row.labels, "\(row.name)")
                }
                if row.kind == "histogram" { #expect(text.isWhole(histogram: row.name), "\(row.name)") }
            }
        }
        #expect(try await run.ending().status == .exited(0))
    }

    @Test func theCoordinatorsOptionSwitchesThemOffForAllProcesses() async throws {
        let run = try await DisturbedRun.start(try Coordinator(), options: ["--metrics", "off"])
        let status = try await run.coordinator.call(["status", run.path, "--json"])
        #expect(try JSONDecoder().decode(Status.self, from: Data(status.output.utf8)).metrics.isEmpty)
        let logs = try FileManager.default.contentsOfDirectory(atPath: "\(run.path)/logs")
        for log in logs {
            let text = try String(contentsOfFile: "\(run.path)/logs/\(log)", encoding: .utf8)
            #expect(!text.contains("/metrics"), "\(log)")
        }
        #expect(!logs.isEmpty)
        #expect(try await run.ending().status == .exited(0))
    }
}
