import Foundation
import ServiceRuntime
import Support
import TestKit
import Testing

/// What documents say about a program's options, against what the program itself says.
@Suite struct DocumentedOptionsTests {
    /// Programs, with the subcommand that takes the options.
    private static let programs: [(name: String, subcommands: [String])] = [
        ("agent-host", []),
        (
            "coordinator",
            [
                "run", "status", "export", "digest", "verify", "replay", "servers", "adapters", "intervene",
                "interview",
                "stories", "population",
            ]
        ),
        ("embedding-gateway", []),
        ("llm-emulator", []), ("llm-gateway", []), ("recorder", []), ("supervisor", []),
    ]
    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Text of a file of the repository.
    private static func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// The options in a text, as `--name`.
    private static func options(in text: some StringProtocol) -> Set<String> {
        Set(String(text).matches(of: /--[a-z][a-z-]*[a-z]/).map { String($0.output) })
    }

    /// The options that a program's help names, those of its subcommands included.
    private static func help(_ program: String) async throws -> Set<String> {
        let subcommands = programs.first { $0.name == program }?.subcommands ?? []
        var known: Set<String> = []
        for arguments in [["--help"]] + subcommands.map({ [$0, "--help"] }) {
            known.formUnion(options(in: try await output(program, arguments)))
        }
        return known
    }

    private static func output(_ program: String, _ arguments: [String]) async throws -> String {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/output"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let child = try await ManagedChild.start(
            ManagedChild.Plan(
                name: program, executable: "\(try ProgramPath.ownFolder(environment: [:]))/\(program)",
                arguments: arguments, environment: ["PATH=/usr/bin:/bin"], standardOutput: descriptor,
                standardError: descriptor))
        #expect(await child.exit() == .exited(0))
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test(arguments: programs.map(\.name))
    func theOptionsOnAProgramsPageExist(program: String) async throws {
        let known = try await Self.help(program)
        let page = try Self.text("services/\(program)/README.md")
        // A row of a table begins with what it is about; a line of shell begins with four spaces and the program.
        let lines = page.split(separator: "\n").filter {
            $0.hasPrefix("| `--") || $0.hasPrefix("    \(program)")
        }
        let named = lines.reduce(into: Set<String>()) { named, line in
            // Of a row, the cell with the options.
            let cell = line.hasPrefix("|") ? line.dropFirst().prefix { $0 != "|" } : line
            named.formUnion(Self.options(in: cell))
        }
        #expect(!named.isEmpty)
        #expect(named.subtracting(known).sorted() == [])
    }

    @Test(arguments: ["README.md", "docs/servers.md", "docs/recording.md", "docs/people.md"])
    func theOptionsInCallsOfTheCoordinatorExist(document: String) async throws {
        let known = try await Self.help("coordinator")
        let joined = try Self.text(document).replacing("\\\n", with: " ")
        for line in joined.split(separator: "\n") where line.contains("coordinator ") && line.contains("--") {
            guard let call = line.range(of: "coordinator ") else { continue }
            let unknown = Self.options(in: line[call.lowerBound...].prefix { $0 != "#" }).subtracting(known)
            #expect(unknown.sorted() == [], "\(document): \(line)")
        }
    }

    @Test func theOptionsInTheComposeFileExist() async throws {
        let text = try Self.text("compose/compose.yaml").split(separator: "\n").filter {
            !$0.drop { $0 == " " }.hasPrefix("#")
        }
        .joined(separator: " ")
        var seen = 0
        for (program, _) in Self.programs {
            guard
                let start = text.firstRange(of: "[\"\(program)\", ")?.lowerBound
                    ?? text.firstRange(of: "exec \(program) ")?.lowerBound
            else { continue }
            seen += 1
            let end = text[start...].firstRange(of: "network")?.lowerBound ?? text.endIndex
            let named = Self.options(in: text[start..<end])
            let known = try await Self.help(program)
            #expect(!named.isEmpty)
            #expect(named.subtracting(known).sorted() == [], "\(program)")
        }
        #expect(seen == 6)
    }
}
