import ArgumentParser
import Recording
import Replay
import ServiceRuntime

/// `coordinator export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes tables of a recording to files.",
        discussion: """
            coordinator export runs/first --format csv --out tables
            coordinator export runs/first --format jsonl --out tables --table calls --table events

            Tables: \(Exporter.tables.joined(separator: ", ")).
            Only where it is named: \(Exporter.changesTable), the values of dynamic fields at the end of each round in \
            which they changed. It is worked out by the program that started the run.
            """)

    @OptionGroup var recording: RecordingAccess

    @Option(
        help: "csv or jsonl.",
        transform: { text in
            guard let format = ExportFormat(rawValue: text) else {
                throw ValidationError("`\(text)` is no format; choose csv or jsonl")
            }
            return format
        })
    var format: ExportFormat

    @Option(help: ArgumentHelp("Folder for the files.", valueName: "dir"))
    var out: String

    @Option(help: ArgumentHelp("A table; may be repeated. All, when none is named.", valueName: "table"))
    var table: [String] = []

    func run() throws {
        try recording.read { reader in
            let exporter = Exporter(reader)
            let stored = table.isEmpty ? Exporter.tables : table.filter { $0 != Exporter.changesTable }
            var written = try exporter.export(stored, as: format, to: out)
            if table.contains(Exporter.changesTable) {
                let history = try FieldHistory(
                    reader, registry: ProgramSetting.current.registry, version: ProgramVersion.current)
                let rows = try exporter.exportChanges(as: format, to: out) { try history.forEach($0) }
                written.append((Exporter.changesTable, rows))
            }
            for (name, rows) in written {
                StandardOutput.write("\(out)/\(name).\(format.rawValue) \(rows) rows\n")
            }
        }
    }
}
