import Testing

@testable import MetricsServer

@Suite struct MetricsOptionsTests {
    @Test func metricsAreServedToThisMachineAloneUnlessAnotherAddressIsAskedFor() throws {
        #expect(try MetricsOptions.parse([]).plan.address == MetricsAddress(host: "127.0.0.1", port: 0))
        #expect(try MetricsOptions.parse(["--metrics", "0.0.0.0:9100"]).plan.address?.description == "0.0.0.0:9100")
    }

    @Test func theyCanBeSwitchedOff() throws {
        let plan = try MetricsOptions.parse(["--metrics", "off", "--metrics-file", "f"]).plan
        #expect(plan.isOff)
        #expect(plan.file == nil)
    }

    @Test(arguments: [
        ("localhost:9100", "localhost"), ("[::1]:0", "::1"), ("gpu-7.cluster:65535", "gpu-7.cluster"),
    ])
    func anAddressIsReadAndWrittenAlike(text: String, host: String) throws {
        let address = try #require(MetricsAddress(text))
        #expect(address.host == host)
        #expect("\(address)" == text)
    }

    @Test(arguments: [
        "", "9100", ":9100", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "a b:1", "[]:1", "h/x:1",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(MetricsAddress(text) == nil)
        #expect(throws: (any Error).self) { try MetricsOptions.parse(["--metrics=\(text)"]) }
    }
}
