import Scenarios
import SimulationKit

/// Which scenarios a program knows, and what its agent-hosts are.
///
/// A command is built by its parser alone, so this is handed to it as a task's local value, which it reads once, as it
/// begins.
public struct ProgramSetting: Sendable {
    /// A program that plays turns.
    public struct HostProgram: Sendable {
        /// Its executable.
        public var path: String
        /// Arguments in front of a host's own.
        public var arguments: [String]

        /// A program; see the properties.
        public init(path: String, arguments: [String]) {
            self.path = path
            self.arguments = arguments
        }
    }

    /// The scenarios.
    public var registry: ScenarioRegistry
    /// What is started as agent-hosts; nil for `agent-host` beside this program.
    public var host: HostProgram?

    /// A setting; see the properties.
    public init(registry: ScenarioRegistry, host: HostProgram? = nil) {
        self.registry = registry
        self.host = host
    }

    /// The setting of the command that runs.
    @TaskLocal public static var current = ProgramSetting(registry: .builtIn)
}
