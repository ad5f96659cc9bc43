import Model
import Support
import Testing
import Wire

@testable import CoordinatorRole

/// How the tokens of prompts are counted is fixed when a run starts.
@Suite struct TokenCountingTests {
    private static func probe(_ yardsticks: [UInt32]) -> Probe {
        Probe(
            backends: yardsticks.enumerated().map { place, yardstick in
                BackendDescription(
                    url: "http://s\(place)", engine: yardstick == 0 ? "openai" : "vllm", version: "1", model: "m",
                    contextTokens: 4096, window: 4, yardstick: yardstick)
            }, wanted: nil)
    }

    private static func definition(_ yardsticks: [UInt32]) -> RunDefinition {
        RunDefinition(
            run: "r", seed: 1, partitions: 1, programVersion: "1", configuration: "", files: [], models: [], model: "m",
            contextTokens: 0, yardsticks: yardsticks, embeddingModel: "", embeddingDimension: 0)
    }

    @Test func aRunCountsWhereAllItsServersDo() {
        #expect(Self.probe([80, 92, 80]).yardsticks == [80, 92])
        #expect(Self.probe([80, 0]).yardsticks.isEmpty)
        #expect(Self.probe([80, 0]).uncounting == ["openai serving m"])
    }

    @Test func theRecordSaysHow() {
        let counted = Self.probe([80]).descriptions(yardsticks: [80]).last
        #expect(counted == "tokens of prompts: counted, the yardstick as 80")
        #expect(Self.probe([0]).descriptions(yardsticks: []).last == "tokens of prompts: estimated")
    }

    @Test func serversThatCountOtherwiseAreRefused() throws {
        try Stage.checkCounts(of: Self.definition([80, 92]), Self.probe([92]))
        // A run that estimates goes on so, whatever the servers can do by now.
        try Stage.checkCounts(of: Self.definition([]), Self.probe([80]))
        for yardsticks in [[0], [80, 81], [80, 0]] as [[UInt32]] {
            let error = #expect(throws: UserError.self) {
                try Stage.checkCounts(of: Self.definition([80]), Self.probe(yardsticks))
            }
            #expect(error?.exitCode == .configuration)
        }
    }

    @Test func aDefinitionKeepsTheNumbers() throws {
        let definition = Self.definition([80, 92])
        #expect(try RunDefinition(packed: definition.packed()) == definition)
    }
}
