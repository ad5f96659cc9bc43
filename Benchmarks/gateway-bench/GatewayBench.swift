import ArgumentParser

/// Measures the llm-gateway: what `Scripts/bench gateway` is made of.
@main struct GatewayBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway-bench",
        abstract: "Loads an llm-gateway and prints what came of it.",
        subcommands: [Load.self])
}
