import Support
import Testing

@testable import Transport

@Suite struct EndpointRuleTests {
    @Test(arguments: ["ipc:///tmp/x/s", "tcp://127.0.0.1:*", "tcp://127.8.0.1:5", "tcp://localhost:5", "tcp://[::1]:5"])
    func endpointsOfThisMachineAreAccepted(endpoint: String) {
        #expect(throws: Never.self) { try EndpointRule.check(endpoint) }
    }

    @Test(arguments: [
        "tcp://0.0.0.0:5", "tcp://*:5", "tcp://10.0.0.1:5", "tcp://example.org:5", "tcp://127.0.0.1.example.org:5",
        "tcp://127.0.0.999:5", "tcp://", "udp://127.0.0.1:5", "", "ipc://",
    ])
    func otherEndpointsAreRefusedAsConfiguration(endpoint: String) {
        let error = #expect(throws: UserError.self) { try EndpointRule.check(endpoint) }
        #expect(error?.exitCode == .configuration)
        #expect(error?.advice.isEmpty == false)
    }

    @Test func aSocketsPathHoldsAHundredAndSevenBytes() {
        let folder = "/" + String(repeating: "d", count: 105)
        #expect(throws: Never.self) { try EndpointRule.check("ipc://\(folder)s") }
        #expect(throws: UserError.self) { try EndpointRule.check("ipc://\(folder)ss") }
    }
}
