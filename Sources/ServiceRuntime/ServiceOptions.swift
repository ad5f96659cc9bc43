import ArgumentParser
import Logging
import Support

/// The options that every process of GenSim has. A command adds them as an `@OptionGroup`.
public struct ServiceOptions: ParsableArguments {
    /// Descriptor of the pipe by which a child notices that its parent is gone.
    @Option(help: ArgumentHelp("Leave when the pipe behind this descriptor closes.", valueName: "fd"))
    public var lifelineFd: Int32?

    /// File that tells the parent where this process listens.
    @Option(help: ArgumentHelp("Write the endpoint to this file once listening.", valueName: "file"))
    public var readyFile: String?

    /// Least important messages that are logged; nil for what the process does by itself.
    @Option(
        help: "Log messages from this level on: trace, debug, info, notice, warning, error, critical.",
        transform: ServiceOptions.level)
    public var logLevel: Logger.Level?

    /// Options as they are without any argument.
    public init() {}

    public func validate() throws {
        if let lifelineFd, lifelineFd < 0 {
            throw ValidationError("--lifeline-fd takes the number of a descriptor, not \(lifelineFd)")
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        if let level = Logger.Level(rawValue: text) { return level }
        let nearest = NearestName.of(text, among: Logger.Level.allCases.map(\.rawValue))
        throw ValidationError(
            "`\(text)` is no log level" + (nearest.map { "; did you mean `\($0)`?" } ?? ""))
    }
}
