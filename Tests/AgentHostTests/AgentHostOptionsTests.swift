import ArgumentParser
import Testing

@testable import AgentHostRole

@Suite struct AgentHostOptionsTests {
    @Test(
        arguments: [
            (["--listen", "ipc:///run/town/host.sock"], "/run/town/host.sock.traps"),
            (["--listen", "ipc:///run/town/host.sock", "--trap-log", "/kept/host"], "/kept/host"),
            (["--listen", "tcp://127.0.0.1:0", "--trap-log", "/kept/host"], "/kept/host"),
            (["--listen", "tcp://127.0.0.1:0"], nil), (["--listen", "ipc://@host"], nil),
        ] as [([String], String?)])
    func whoseCodeRunsIsNotedBesideTheSocketUnlessAFileIsGiven(arguments: [String], path: String?) throws {
        let options = try AgentHostOptions.parse(["--coordinator", "ipc:///run/town/coordinator.sock"] + arguments)
        #expect(options.trapLogPath == path)
    }
}
