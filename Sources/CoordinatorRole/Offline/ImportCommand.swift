import ArgumentParser
import Foundation
import OriginalImport
import RunConfiguration
import Scenarios
import ServiceRuntime
import SimulationKit
import Support

/// `coordinator import-gensim`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-gensim",
        abstract: "Turns a scenario of the original into a configuration of ours, and lists what has no counterpart.",
        discussion: """
            DIR is the folder `configs` of one of the original's scenarios: simulation_config.yml, memory_config.json,
            model_configs.json, files of agents such as SeekerAgent_configs.json, item_infos.json. It stays as it is.
            The prompts are ours: those of the scenario are copied beside the new configuration.

              coordinator import-gensim ../gensim/examples/job_seeking/configs --out my-run
              coordinator run my-run/run.yaml --llm emulator
            """)

    @Argument(help: ArgumentHelp("The original's folder of configurations.", valueName: "dir"))
    var folder: String

    @Option(help: ArgumentHelp("New folder for the configuration and what it names.", valueName: "dir"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "Prompts to copy (default: Configs/SCENARIO/prompts in the present folder).", valueName: "dir"))
    var prompts: String?

    func run() throws { try CommandReport.reporting(work) }

    private func work() throws {
        let files = try read()
        let imported = try OriginalImport(files: files)
        let manager = FileManager.default
        guard !manager.fileExists(atPath: out) else {
            throw UserError("there is something already", at: out, advice: "name a new folder", exitCode: .cannotCreate)
        }
        let source = prompts ?? "Configs/\(imported.scenario)/prompts"
        guard manager.fileExists(atPath: source) else {
            throw UserError(
                "there are no prompts of \(imported.scenario)", at: source,
                advice: "give --prompts DIR, such as Configs/\(imported.scenario)/prompts of GenSim's repository",
                exitCode: .noInput)
        }
        let path = "\(out)/\(OriginalImport.configurationName)"
        let given = imported.copied.map { name in (name: name, bytes: files.first { $0.name == name }?.bytes ?? []) }
        let agents = try check(imported.configuration, path, files: given + imported.written, prompts: source)
        do {
            try manager.createDirectory(atPath: out, withIntermediateDirectories: true)
            try manager.copyItem(atPath: source, toPath: "\(out)/\(OriginalImport.promptsFolder)")
        } catch {
            throw UserError(
                "the folder cannot be made: \(error.localizedDescription)", at: out, exitCode: .cannotCreate)
        }
        for file in given + imported.written { try AtomicFile.write(file.bytes, to: "\(out)/\(file.name)") }
        try AtomicFile.write(Array(imported.configuration.utf8), to: path)
        StandardOutput.write(text(imported, path, agents: agents))
    }

    private func read() throws -> [(name: String, bytes: [UInt8])] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw UserError("the folder cannot be read", at: folder, advice: "check its path", exitCode: .noInput)
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for name in names where name.hasSuffix(".json") || name.hasSuffix(".yml") || name.hasSuffix(".yaml") {
            guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw UserError(
                    "the file cannot be read", at: "\(folder)/\(name)",
                    advice: "make it readable, or take it out of the folder", exitCode: .noInput)
            }
            files.append((name, Array(bytes)))
        }
        return files
    }

    /// Loads what will be written as a run would, and returns the number of its agents: what cannot be played is said
    /// before there is a folder.
    private func check(
        _ configuration: String, _ path: String, files: [(name: String, bytes: [UInt8])], prompts: String
    ) throws -> Int {
        let prefix = OriginalImport.promptsFolder + "/"
        return try RunPackage.load(yaml: configuration, name: path, registry: .builtIn) { file in
            if let known = files.first(where: { $0.name == file }) { return known.bytes }
            let source = file.hasPrefix(prefix) ? "\(prompts)/\(file.dropFirst(prefix.count))" : "\(folder)/\(file)"
            guard file.hasPrefix(prefix), let bytes = FileManager.default.contents(atPath: source) else {
                throw UserError(
                    "there is no such file", at: source, advice: "put it there, then import again", exitCode: .noInput)
            }
            return Array(bytes)
        }.population.count
    }

    private func text(_ imported: OriginalImport, _ path: String, agents: Int) -> String {
        var lines = ["\(path): \(imported.scenario) with \(agents) agents"]
        if !imported.notes.isEmpty { lines.append("What has no counterpart, or is for you to decide:") }
        lines += imported.notes.map { "  \($0)" }
        lines.append("Play it: coordinator run \(path) --llm URL --embedding URL")
        return lines.joined(separator: "\n") + "\n"
    }
}
