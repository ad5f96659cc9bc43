import GatewayLogic
import Testing

@Suite struct BackendSetTests {
    @Test func aNameStandsForOneServerForEachOfItsAddresses() {
        var set = BackendSet()
        #expect(set.configure(["http://llm:8000/base/"]).isEmpty)
        #expect(set.names == ["llm"])
        let change = set.resolved("llm", ["10.0.0.4", "10.0.0.3"])
        #expect(
            change.added == [
                ServerEndpoint(url: "http://10.0.0.3:8000/base", host: "llm:8000"),
                ServerEndpoint(url: "http://10.0.0.4:8000/base", host: "llm:8000"),
            ])
        #expect(change.drained.isEmpty)
    }

    @Test(arguments: [
        "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000", "https://llm.example:8000",
        "http://10.1.2.3", "ftp://llm", "http://", "", "http://user:secret@llm:8000", "http://a b:1", "http://llm:80x",
    ])
    func anAddressThatStandsForItselfIsNotResolved(url: String) {
        var set = BackendSet()
        #expect(set.configure([url]).added == [ServerEndpoint(url: url)])
        #expect(set.names.isEmpty)
    }

    @Test func oneMoreReplicaIsAddedAndAMissingOneGoesOnlyAfterSeveralAnswers() {
        var set = BackendSet()
        _ = set.configure(["http://llm:1"])
        _ = set.resolved("llm", ["10.0.0.1", "10.0.0.2"])
        #expect(set.resolved("llm", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]).added.map(\.url) == ["http://10.0.0.3:1"])
        #expect(set.resolved("llm", ["10.0.0.1"]).isEmpty)
        #expect(set.resolved("llm", ["10.0.0.2"]).isEmpty)
        #expect(set.resolved("llm", ["10.0.0.2"]).drained.map(\.url) == ["http://10.0.0.3:1"])
        #expect(set.resolved("llm", ["10.0.0.2"]).drained.map(\.url) == ["http://10.0.0.1:1"])
        #expect(set.endpoints.map(\.url) == ["http://10.0.0.2:1"])
    }

    @Test func aNameThatCannotBeResolvedKeepsItsServersAndStandsForItselfBefore() {
        var set = BackendSet()
        _ = set.configure(["http://llm:1"])
        #expect(set.unresolved("llm").added == [ServerEndpoint(url: "http://llm:1")])
        let found = set.resolved("llm", ["10.0.0.1"])
        #expect(found.drained == [ServerEndpoint(url: "http://llm:1")])
        #expect(found.added.count == 1)
        #expect(set.unresolved("llm").isEmpty)
        #expect(set.resolved("llm", []).isEmpty)
        #expect(set.resolved("llm", ["rubbish", "1.2.3", "1.2.3.256", "1.2.3.4 "]).isEmpty)
        #expect(set.endpoints.map(\.url) == ["http://10.0.0.1:1"])
    }

    @Test func bothFamiliesOfAddressesOfOneMachineAreOneServer() {
        var set = BackendSet()
        _ = set.configure(["http://llm:1"])
        #expect(set.resolved("llm", ["fe80::1", "10.0.0.1"]).added.map(\.url) == ["http://10.0.0.1:1"])
        var six = BackendSet()
        _ = six.configure(["http://llm:1"])
        #expect(six.resolved("llm", ["fd00::1"]).added == [ServerEndpoint(url: "http://[fd00::1]:1", host: "llm:1")])
    }

    @Test func aNewConfigurationAddsAndDrainsAndKeepsWhatIsKnownOfNames() {
        var set = BackendSet()
        _ = set.configure(["http://llm:1", "http://10.9.9.9:1"])
        _ = set.resolved("llm", ["10.0.0.1"])
        let change = set.configure(["http://llm:1/", "http://llm:2", "http://llm:2"])
        #expect(change.added == [ServerEndpoint(url: "http://10.0.0.1:2", host: "llm:2")])
        #expect(change.drained == [ServerEndpoint(url: "http://10.9.9.9:1")])
        #expect(set.names == ["llm"])
    }

    @Test func oneServerUnderTwoNamesCountsOnce() {
        var set = BackendSet()
        _ = set.configure(["http://a:1", "http://b:1", "http://10.0.0.1:1"])
        _ = set.resolved("a", ["10.0.0.1"])
        _ = set.resolved("b", ["10.0.0.1"])
        #expect(set.endpoints.count == 1)
    }
}
