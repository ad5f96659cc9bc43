import Foundation
import JobMarket
import Model
import RunConfiguration
import SimulationKit
import TestKit
import Testing

/// The configurations and populations that ship, and the original's files where they are at hand.
@Suite struct JobMarketFilesTests {
    static let registry = ScenarioRegistry([JobMarketScenario.self])
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

    static func package(_ name: String) throws -> RunPackage {
        let yaml = try ShippedConfigurations.text(name)
        return try RunPackage.load(yaml: yaml, name: name, registry: registry) { path in
            try ShippedConfigurations.bytes(path)
        }
    }

    @Test(arguments: [("quickstart.yaml", 8, 4), ("bench-wmax.yaml", 38, 12), ("job-market.yaml", 42, 14)])
    func theShippedConfigurationsLoad(name: String, seekers: Int, interviewers: Int) throws {
        let package = try Self.package(name)
        #expect(package.population.countsByType == ["seeker": seekers, "interviewer": interviewers])
        let texts = package.scenario.collections(of: package.population)[0].items.map(\.text)
        #expect(texts.count == interviewers && texts.allSatisfy { $0.utf8.count > 100 })
    }

    @Test func theShippedPopulationsAreLargeEnough() throws {
        let scenario = try Self.package("quickstart.yaml").scenario
        func count(_ type: Int, _ file: String) throws -> Int {
            let bytes = try ShippedConfigurations.bytes("job-market/\(file)")
            return try PopulationReader(type: scenario.agentTypes[type], format: .json, file: file)
                .records(in: bytes).count
        }
        #expect(try count(0, "seekers.json") >= 40)
        #expect(try count(1, "positions.json") >= 15)
    }

    /// Where the original's population files lie: named by the environment, or beside the checkout.
    static let originals: URL? = {
        let named = ProcessInfo.processInfo.environment["GENSIM_ORIGINAL_DATA"].map { URL(filePath: $0) }
        let candidates = [named, root.appending(path: "../shared/data/gensim").standardizedFileURL].compactMap { $0 }
        return candidates.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "SeekerAgent_configs.json").path)
        }
    }()

    @Test(.enabled(if: originals != nil, "the original's population files are not at hand"))
    func theOriginalsFilesLoadAsTheyAre() throws {
        let folder = try #require(Self.originals)
        let scenario = try Self.package("quickstart.yaml").scenario
        func records(_ type: Int, _ file: String) throws -> [ProfileRecord] {
            try PopulationReader(type: scenario.agentTypes[type], format: .gensim, file: file)
                .records(in: Array(try Data(contentsOf: folder.appending(path: file))))
        }
        let seekers = try records(0, "SeekerAgent_configs.json")
        let positions = try records(1, "InterviewerAgent_configs.json")
        #expect(seekers.count == 2_421)
        #expect(positions.count == 813)
        #expect(seekers[0].id == "seeker-0001")
        #expect(seekers[0].values["name"] == .text("Sophia Chen"))
        #expect(seekers.allSatisfy { $0.values["cv_text"]?.text?.isEmpty == false })
        #expect(positions.allSatisfy { $0.values["description"] != nil && $0.values["requirements_text"] != nil })
        let population = try Population([
            .init(type: scenario.agentTypes[0], records: seekers, count: 75_000),
            .init(type: scenario.agentTypes[1], records: positions, count: 25_000),
        ])
        #expect(Set(population.agents.map(population.id)).count == 100_000)
    }
}
