import Foundation
import Testing

/// Reads the import lines of all sources against the table in Package.swift.
@Suite struct ImportArrowTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Modules that come with the toolchain.
    private static let toolchain: Set<String> = ["Foundation", "Glibc", "Dispatch", "FoundationEssentials"]
    /// Products whose module has another name in the table.
    private static let products = [
        "log": "Logging", "csv": "SwiftCSV", "arguments": "ArgumentParser", "yams": "Yams", "mustache": "Mustache",
        "deque": "DequeModule",
        "heap": "HeapModule", "grdb": "GRDB",
        "nioCore": "NIOCore", "nioPosix": "NIOPosix", "nioHTTP": "NIOHTTP1", "sqlite": "GRDBSQLite",
    ]

    /// Layers from the bottom: a module may only depend on modules of lower layers or of its own.
    private static let layers: [[String]] = [
        ["Support", "Metrics", "Hashing", "MessagePack", "JSON", "Vectors"], ["ZeroMQ", "Curl"], ["Model"],
        ["Wire", "Transport", "TrapLog"], ["ClusterLogic", "GPUEmulation"], ["SimulationKit", "YAMLReading"],
        ["OriginalImport"],
        ["JobMarket", "GroupDiscussion", "Recommendation", "Declarative"], ["Scenarios"],
        ["RunConfiguration", "TurnEngine", "Recording"], ["Replay"], ["ServiceRuntime"], ["MetricsServer"],
        [
            "CoordinatorRole", "AgentHostRole", "LLMGatewayRole", "EmbeddingGatewayRole", "RecorderRole",
            "EmulatorRole",
        ],
        ["ScenarioProgram", "FuzzTargets"],
    ]

    private static func manifest() throws -> String {
        try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
    }

    /// Targets with what they may import, read from the `library` and `service` lines.
    private static func table() throws -> [String: Set<String>] {
        try entries(of: /(?:library|service)\(\s*"([^"]+)",\s*\[([^\]]*)\]/)
    }

    /// Test targets, by the name before `Tests`, with what they may import besides TestKit.
    private static func testTable() throws -> [String: Set<String>] {
        try entries(of: /tests\(\s*"([^"]+)",\s*\[([^\]]*)\]/)
    }

    private static func entries(of pattern: Regex<(Substring, Substring, Substring)>) throws -> [String: Set<String>] {
        var table: [String: Set<String>] = [:]
        for match in try manifest().matches(of: pattern) {
            let entries = match.2.split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            table[String(match.1)] = Set(
                entries.filter { !$0.isEmpty }.map { entry in
                    entry.hasPrefix("\"")
                        ? entry.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
                        : products[entry] ?? entry
                })
        }
        return table
    }

    private static func imports(below folder: URL) throws -> [(file: String, module: String)] {
        guard let walker = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
            return []
        }
        var found: [(String, String)] = []
        for case let file as URL in walker where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /(?m)^\s*(?:@\w+\s+)*import\s+(?:(?:struct|class|enum|func)\s+)?(\w+)/) {
                found.append((file.path, String(match.1)))
            }
        }
        return found
    }

    private static func folder(of target: String) -> URL {
        let services = root.appendingPathComponent("services/\(target)")
        return FileManager.default.fileExists(atPath: services.path)
            ? services : root.appendingPathComponent("Sources/\(target)")
    }

    @Test func everyImportIsListedInTheTable() throws {
        let table = try Self.table()
        #expect(table.count > 20)
        for (target, allowed) in table {
            let imports = try Self.imports(below: Self.folder(of: target))
            #expect(!imports.isEmpty || target == "Support" || target == "Scenarios", "\(target) has no sources")
            for (file, module) in imports where !Self.toolchain.contains(module) {
                #expect(allowed.contains(module), "\(file) imports \(module), which Package.swift does not list")
            }
        }
    }

    @Test func everyListedDependencyIsImported() throws {
        let tests = try Self.testTable()
        #expect(tests.count > 20)
        let libraries = try Self.table().map { (Self.folder(of: $0.key), $0.value) }
        let suites = tests.map { (Self.root.appendingPathComponent("Tests/\($0.key)Tests"), $0.value) }
        for (folder, listed) in libraries + suites {
            let imported = Set(try Self.imports(below: folder).map(\.module))
            for module in listed.subtracting(imported).sorted() {
                Issue.record("\(folder.lastPathComponent) lists \(module) in Package.swift and does not import it")
            }
        }
    }

    @Test func arrowsPointDownward() throws {
        let table = try Self.table()
        var height: [String: Int] = [:]
        for (index, layer) in Self.layers.enumerated() { for module in layer { height[module] = index } }
        for (target, allowed) in table {
            guard let own = height[target] else { continue }
            for module in allowed {
                if let other = height[module] {
                    #expect(other <= own, "\(target) depends on \(module), which stands above it")
                }
            }
        }
    }

    @Test func everyCLibraryHasOneSwiftModuleInFrontOfIt() throws {
        var users: [String: Set<String>] = [:]
        for (target, _) in try Self.table() {
            for (_, module) in try Self.imports(below: Self.folder(of: target))
            where module.hasPrefix("C") && module.dropFirst().first?.isUppercase == true || module.hasPrefix("Cxx") {
                users[module, default: []].insert(target)
            }
        }
        // CLinux holds what Glibc's module map lacks; everything else belongs to one module.
        for (library, modules) in users where library != "CLinux" {
            #expect(modules.count == 1, "\(library) is imported by \(modules.sorted())")
        }
        #expect(users["CZMQ"] == ["ZeroMQ"])
        #expect(users["CCurl"] == ["Curl"])
    }

    @Test func noSourceFileIsLongerThanEightHundredLines() throws {
        for folder in ["Sources", "services", "Benchmarks", "Tests"] {
            let url = Self.root.appendingPathComponent(folder)
            guard let walker = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil) else {
                continue
            }
            for case let file as URL in walker where ["swift", "c", "cpp", "h"].contains(file.pathExtension) {
                let lines = try String(contentsOf: file, encoding: .utf8).split(
                    separator: "\n", omittingEmptySubsequences: false)
                #expect(lines.count <= 800, "\(file.path) has \(lines.count) lines")
            }
        }
    }
}
