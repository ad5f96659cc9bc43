import AgentHostRole
import ArgumentParser
import Scenarios
import ServiceRuntime

/// Runs agents' turns for the partitions that the coordinator leases to it.
@main struct AgentHostMain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent-host",
        abstract: "Runs the turns of the agents in the partitions that the coordinator leases to it.",
        discussion: "Started by `coordinator run` on one machine; in a cluster start as many as there are machines.",
        version: ProgramVersion.current)

    @OptionGroup var options: AgentHostOptions

    func run() throws { try AgentHostService.run(options, registry: .builtIn) }
}
