import GatewayLogic
import Testing

@Suite struct ServerRosterTests {
    private func urls(_ endpoints: [ServerEndpoint]) -> [String] { endpoints.map(\.url) }

    @Test func theServersAreThoseOfTheOptionsAndOfTheFileEachOnce() {
        var roster = ServerRoster(options: ["http://1.0.0.1:1"], file: ["http://1.0.0.1:1", "http://1.0.0.2:1"])
        #expect(urls(roster.start().added) == ["http://1.0.0.1:1", "http://1.0.0.2:1"])
        #expect(roster.isComplete)
    }

    @Test func aChangedFileAddsAndDrainsAndLeavesOptionsAndCommandsAlone() {
        var roster = ServerRoster(options: ["http://1.0.0.1:1"], file: ["http://1.0.0.2:1"])
        _ = roster.start()
        #expect(urls(roster.add("http://1.0.0.9:1").added) == ["http://1.0.0.9:1"])
        let change = roster.read(["http://1.0.0.3:1"])
        #expect(urls(change.added) == ["http://1.0.0.3:1"])
        #expect(urls(change.drained) == ["http://1.0.0.2:1"])
        #expect(urls(roster.endpoints) == ["http://1.0.0.1:1", "http://1.0.0.3:1", "http://1.0.0.9:1"])
    }

    @Test func aServerTakenOutByCommandStaysOutUntilItIsAddedOrListedAnew() throws {
        var roster = ServerRoster(options: [], file: ["http://1.0.0.1:1", "http://1.0.0.2:1"])
        _ = roster.start()
        let taken1 = roster.withdraw("http://1.0.0.2:1")
        #expect(urls(try #require(taken1).drained) == ["http://1.0.0.2:1"])
        #expect(roster.read(["http://1.0.0.1:1", "http://1.0.0.2:1"]).isEmpty)
        #expect(roster.withdraw("http://1.0.0.2:1") == nil)
        #expect(urls(roster.add("http://1.0.0.2:1").added) == ["http://1.0.0.2:1"])
        #expect(roster.withdraw("http://1.0.0.2:1") != nil)
        _ = roster.read(["http://1.0.0.1:1"])
        #expect(urls(roster.read(["http://1.0.0.1:1", "http://1.0.0.2:1"]).added) == ["http://1.0.0.2:1"])
    }

    @Test func aServerThatWasAddedByCommandAndTakenOutIsForgotten() throws {
        var roster = ServerRoster(options: [])
        _ = roster.start()
        #expect(urls(roster.add("http://1.0.0.1:1").added) == ["http://1.0.0.1:1"])
        #expect(roster.add("http://1.0.0.1:1").isEmpty)
        let taken2 = roster.withdraw("http://1.0.0.1:1")
        #expect(urls(try #require(taken2).drained) == ["http://1.0.0.1:1"])
        #expect(roster.endpoints.isEmpty)
        #expect(roster.withdraw("http://elsewhere:1") == nil)
    }

    @Test func oneReplicaBehindANameIsTakenOutAndComesBackAsWhatItWas() throws {
        var roster = ServerRoster(options: ["http://llm:1"])
        #expect(roster.start().isEmpty)
        #expect(!roster.isComplete)
        _ = roster.resolved("llm", ["10.0.0.1", "10.0.0.2"])
        #expect(roster.isComplete)
        let taken3 = roster.withdraw("http://10.0.0.2:1")
        #expect(urls(try #require(taken3).drained) == ["http://10.0.0.2:1"])
        #expect(roster.resolved("llm", ["10.0.0.1", "10.0.0.2"]).isEmpty)
        #expect(roster.add("http://10.0.0.2:1").added == [ServerEndpoint(url: "http://10.0.0.2:1", host: "llm:1")])
    }

    @Test func aNameTakenOutTakesAllItsReplicasAlong() throws {
        var roster = ServerRoster(options: ["http://llm:1"])
        _ = roster.start()
        _ = roster.resolved("llm", ["10.0.0.1", "10.0.0.2"])
        let taken4 = roster.withdraw("http://llm:1")
        #expect(try #require(taken4).drained.count == 2)
        #expect(roster.names.isEmpty)
    }

    @Test func aNameThatCannotBeResolvedIsAServerWhoseFailureIsSeen() {
        var roster = ServerRoster(options: ["http://llm:1"])
        _ = roster.start()
        #expect(urls(roster.resolved("llm", nil).added) == ["http://llm:1"])
        #expect(roster.isComplete)
    }
}
