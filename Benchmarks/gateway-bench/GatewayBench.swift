import ArgumentParser

/// Measures the llm-gateway: what `Scripts/bench gateway` is made of.
@main struct GatewayBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway-bench",
        abstract: "Loads an llm-gateway and prints what came of it; plays its queue against model servers.",
        subcommands: [Load.self, PlacementCommand.self])
}
