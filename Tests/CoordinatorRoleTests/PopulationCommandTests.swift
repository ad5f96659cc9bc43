import ArgumentParser
import Foundation
import ServiceRuntime
import Support
import TestKit
import Testing

@testable import CoordinatorRole

@Suite struct PopulationCommandTests {
    private func draw(_ count: Int, _ yaml: String, in folder: TemporaryFolder) throws -> [Substring] {
        let (spec, out) = ("\(folder.path)/people.yaml", "\(folder.path)/people.jsonl")
        try AtomicFile.write(Array(yaml.utf8), to: spec)
        try PopulationCommand.parse([spec, "--count", "\(count)", "--seed", "3", "--out", out]).run()
        return try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
    }

    @Test func recordsAreWrittenOneALine() throws {
        let folder = try TemporaryFolder()
        let yaml = "fields: { age: { range: [7, 7] }, name: { text: \"No. {{number}}\" } }"
        #expect(
            try draw(2, yaml, in: folder)
                == [#"{"age":7,"name":"No. 1"}"#, #"{"age":7,"name":"No. 2"}"#])
    }

    @Test func theFirstRecordsStayWhereMoreAreDrawn() throws {
        let folder = try TemporaryFolder()
        let yaml = "fields: { age: { range: [1, 1000000] } }"
        let few = try draw(5, yaml, in: folder)
        #expect(try Array(draw(50, yaml, in: folder).prefix(5)) == few)
    }

    @Test func whatCannotBeReadIsSaid() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ExitCode(ProcessExitCode.noInput.rawValue)) {
            try PopulationCommand.parse(["\(folder.path)/none", "--count", "1", "--out", "\(folder.path)/x"]).run()
        }
        #expect(throws: (any Error).self) { try PopulationCommand.parse(["a", "--count", "0", "--out", "b"]) }
    }
}
