import Curl
import GatewayLogic
import JSON
import Model
import Testing
import Wire

@testable import LLMGatewayRole

@Suite struct AdapterTests {
    private let list = #"[{"id":0,"path":"/a/old.gguf","scale":1.0},{"id":1,"path":"taste@3.gguf","scale":0.0}]"#

    @Test func llamacppsAdaptersAreKnownByTheNamesOfTheirFiles() {
        #expect(AdapterList.read(Array(list.utf8)) == ["old": 0, "taste@3": 1])
    }

    @Test(arguments: ["", "{}", "[1]", #"[{"id":-1,"path":"a"}]"#, #"[{"id":0}]"#, #"[{"id":0.5,"path":"a"}]"#])
    func aListThatIsNoneNamesNoAdapter(text: String) {
        #expect(AdapterList.read(Array(text.utf8)).isEmpty)
    }

    private func llamacpp() throws -> BackendProfile {
        var replies: [String: Result<HTTPResponse, HTTPFailure>] = [:]
        let bodies = [
            "/v1/models": #"{"data":[{"id":"m","owned_by":"llamacpp"}]}"#, "/lora-adapters": list,
            "/props": #"{"total_slots":4,"default_generation_settings":{"n_ctx":2048}}"#,
        ]
        for path in ProbeReading.paths {
            replies[path] = .success(
                HTTPResponse(status: bodies[path] == nil ? 404 : 200, body: Array((bodies[path] ?? "").utf8)))
        }
        return try ProbeReading(url: "http://s", wantedModels: ["m"]).profile(replies)
    }

    private func body(_ model: String, _ profile: BackendProfile) throws -> JSONValue {
        let spec = CompletionSpec(
            kind: .text, model: model, messages: [PromptMessage(role: .user, segments: ["x"])], constraint: .free,
            sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 8))
        var writer = ChatRequestWriter()
        return try JSONValue(parsing: writer.body(spec, model: model, seed: 1, profile: profile))
    }

    @Test func anAdapterIsChosenInTheWordsOfItsServer() throws {
        let profile = try llamacpp()
        #expect(profile.facts.serves("taste@3"))
        let chosen = try body("taste@3", profile)
        #expect(chosen["model"]?.stringValue == "m")
        #expect(chosen["lora"]?.arrayValue?.map { $0["id"]?.intValue } == [1])
        #expect(chosen["lora"]?.arrayValue?.map { $0["scale"]?.doubleValue } == [1])
        #expect(try body("m", profile)["lora"] == nil)
        let vllm = try body("taste@3", .test(models: ["taste@3"]))
        #expect(vllm["model"]?.stringValue == "taste@3")
        #expect(vllm["lora"] == nil)
    }

    @Test func aCallForAnAdapterGoesToTheServersThatHaveIt() {
        var bench = CoreBench(servers: 3)
        bench.core.probed(ServerID(2), .success(.test(models: ["taste@3"])), at: bench.now)
        for number in 0..<3 as Range<UInt32> { bench.ask(number, model: "taste@3") }
        #expect(bench.flights.map(\.server) == [ServerID(2), ServerID(2), ServerID(2)])
    }

    @Test func callsForAnAdapterThatWasUnloadedEverywhereAreToldSo() {
        var bench = CoreBench(slots: 1)
        bench.core.probed(ServerID(1), .success(.test(models: ["taste@3"])), at: bench.now)
        bench.ask(1)
        bench.ask(2, model: "taste@3")
        bench.core.relearned(ServerID(1), .test(), at: bench.now)
        bench.settle()
        #expect(bench.problems.map(\.code) == [.misconfigured])
        bench.ask(3, model: "taste@3")
        #expect(bench.problems.map(\.code) == [.misconfigured, .misconfigured])
    }

    @Test func theOutcomeNamesTheAdapterWhateverTheServerCallsIt() throws {
        var bench = CoreBench()
        bench.core.probed(ServerID(1), .success(try llamacpp()), at: bench.now)
        bench.ask(1, model: "taste@3")
        bench.answer("x")
        #expect(bench.outcomes.map(\.model) == ["taste@3"])
    }

    @Test(arguments: [
        ("", "/p"), ("a b", "/p"), ("a\n", "/p"), ("a", ""), (String(repeating: "a", count: 1_025), "/p"),
    ])
    func aWishWithoutUsableNameOrPathIsRefused(name: String, path: String) {
        #expect(AdapterRequest.obstacle(ManageAdapter(command: .load, name: name, path: path))?.code == .invalid)
    }
}
