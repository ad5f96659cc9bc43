import AgentHostRole
import ArgumentParser
import CoordinatorRole
import Glibc
import Scenarios
import ServiceRuntime
import SimulationKit
import Support

/// A program with scenarios of its own: coordinator and agent-host in one.
///
/// ```swift
/// @main struct Main {
///     static func main() { ScenarioProgram.main([TownScenario.self]) }
/// }
/// ```
///
/// It takes all commands of `coordinator`, and starts itself as its agent-hosts. The gateways, the recorder and the
/// emulator are GenSim's own programs, which it finds beside itself or in the folder that `GENSIM_BIN` names.
public enum ScenarioProgram {
    /// The first argument that makes it an agent-host.
    static let hostCommand = "agent-host"

    /// Runs the command that the arguments say. `scenarios` join those that come with GenSim; their names must be new.
    public static func main(
        _ scenarios: [any Scenario.Type], arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) {
        var setting = ProgramSetting(registry: ScenarioRegistry.builtIn.adding(scenarios))
        do {
            setting.host = .init(path: try ProgramPath.own(), arguments: [hostCommand])
        } catch {
            // The agent-host beside the gateways does not know these scenarios.
            exit(Service.report(error, role: "coordinator").rawValue)
        }
        ProgramSetting.$current.withValue(setting) {
            if arguments.first == hostCommand {
                ScenarioHost.main(Array(arguments.dropFirst()))
            } else {
                CoordinatorCommand.main(arguments)
            }
        }
    }
}

/// The program as an agent-host.
private struct ScenarioHost: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ScenarioProgram.hostCommand,
        abstract: "Runs the turns of the agents in the partitions that the coordinator leases to it.",
        version: ProgramVersion.current)

    @OptionGroup var options: AgentHostOptions

    func run() throws { try AgentHostService.run(options, registry: ProgramSetting.current.registry) }
}
