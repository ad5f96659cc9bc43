import ArgumentParser

/// What `gateway-bench load` sends.
struct LoadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the gateway listens.", valueName: "endpoint"))
    var gateway: String

    @Option(help: "Requests in all.")
    var requests = 10_000

    @Option(help: "Requests under way at once; with --rate the most that may be.")
    var inFlight = 64

    @Option(help: ArgumentHelp("Requests a second; 0 sends as fast as answers come.", valueName: "number"))
    var rate = 0

    @Option(help: "Bytes of a prompt.")
    var bytes = 2_000

    @Option(help: "Groups of prompts that share their first three quarters.")
    var groups = 1

    @Option(help: "Of 100 requests so many repeat an earlier prompt; all are deterministic then.")
    var repeated = 0

    @Option(help: "Ask for one of so many options, 0 for free text.")
    var choices = 0

    @Option(help: "Connections to the gateway.")
    var connections = 1

    @Option(help: "Seed of prompts and of what is repeated.")
    var seed: UInt64 = 1

    func validate() throws {
        guard requests > 0, inFlight > 0, rate >= 0, groups > 0, connections > 0, (0...100_000).contains(bytes) else {
            throw ValidationError("give positive numbers")
        }
        guard (0...100).contains(repeated), (0...255).contains(choices) else {
            throw ValidationError("--repeated takes 0 to 100, --choices 0 to 255")
        }
    }
}
