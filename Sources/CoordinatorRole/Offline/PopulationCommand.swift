import ArgumentParser
import Foundation
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support

/// `coordinator population`.
struct PopulationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "population", abstract: "Draws records from distributions and writes them to a file.",
        discussion: """
            A file of distributions names fields in the order in which they are drawn:

              fields:
                sex: { choose: { female: 51, male: 49 } }
                age: { normal: { mean: 45, deviation: 18, range: [18, 90] } }
                job:
                  table:
                    - { when: { age: { from: 67 } }, choose: [retired] }
                    - { when: { sex: [female] }, choose: { nurse: 3, smith: 1 } }
                    - { choose: { nurse: 1, smith: 3 } }
                name: { text: "Person {{number}}" }

            A run draws the same records by itself where its configuration says
            populations: { person: { file: people.yaml, format: drawn, count: 1000 } }
            and has the same seed. Write them to a file to look at them, change them by hand or use them elsewhere.

              coordinator population people.yaml --count 1000 --seed 7 --out people.jsonl
            """)

    @Argument(help: ArgumentHelp("File of distributions.", valueName: "spec"))
    var spec: String

    @Option(help: ArgumentHelp("Number of records.", valueName: "n"))
    var count: Int

    @Option(help: ArgumentHelp("Seed of the draws: that of the run.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("File for the records, one JSON object a line.", valueName: "file"))
    var out: String

    func validate() throws {
        guard (1...Population.maxAgents).contains(count) else {
            throw ValidationError("--count takes 1 to \(Population.maxAgents)")
        }
    }

    func run() throws { try CommandReport.reporting(work) }

    private func work() throws {
        guard let bytes = FileManager.default.contents(atPath: spec), bytes.count <= RunSettings.maxBytes,
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw UserError(
                "the file cannot be read as text", at: spec, advice: "check its path", exitCode: .noInput)
        }
        let spec = try PopulationSpec(yaml: text, file: spec)
        var lines: [UInt8] = []
        for number in 1...count {
            lines += Array(ProfileJSON.text(try spec.values(number, seed: RunSeed(seed))).utf8)
            lines.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(lines, to: out)
        StandardOutput.write("\(out): \(count) records\n")
    }
}
