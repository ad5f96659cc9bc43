import ArgumentParser
import Recording
import ServiceRuntime

/// `coordinator export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes tables of a recording to files.",
        discussion: """
            coordinator export runs/first --format csv --out tables
            coordinator export runs/first --format jsonl --out tables --table calls --table events

            Tables: \(Exporter.tables.joined(separator: ", ")).
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
            let written = try Exporter(reader).export(table.isEmpty ? Exporter.tables : table, as: format, to: out)
            for (name, rows) in written {
                StandardOutput.write("\(out)/\(name).\(format.rawValue) \(rows) rows\n")
            }
        }
    }
}
