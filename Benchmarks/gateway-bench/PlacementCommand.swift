import ArgumentParser
import PlacementModel

/// How long a round takes under each placement, and what the queue costs.
struct PlacementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "placement",
        abstract: "Plays a round on model servers with prefix caches under each placement, and times the queue.")

    @Option(help: "Requests that wait at once.") var requests = 100_000
    @Option(help: "Tokens that each server's prefix cache holds.") var cacheTokens = 200_000
    @Option(help: "Requests in flight at each server.") var window = 32
    @Option(help: "Seed of the requests.") var seed: UInt64 = 1
    @Flag(help: "Leave with status 1 when a target is missed; without the timing of the queue.") var check = false

    func validate() throws {
        guard requests > 0, cacheTokens > 0, window > 0 else { throw ValidationError("numbers must be positive") }
    }

    func run() throws {
        let model = PlacementModel(cacheTokens: cacheTokens, window: window)
        var missed: [String] = []
        print("requests \(requests), 4 servers, \(cacheTokens) cached tokens each, window \(window), seed \(seed)")
        print("makespan relative to round robin (cached; busiest server over the mean)")
        for column in Column.all {
            let workload = PlacementWorkload(
                requests: requests, groups: column.groups, zipf: column.zipf, seed: seed)
            let robin = model.play(workload, policy: .roundRobin)
            let least = model.play(workload, policy: .leastWork)
            let aware = model.playCacheAware(workload)
            let ours = model.play(workload, policy: .prefix)
            print("\n\(column.name)")
            for (name, outcome) in [
                ("round-robin", robin), ("least-work", least), ("cache-aware rule", aware), ("prefix", ours),
            ] {
                print("  \(padded(name, 18)) \(line(outcome, over: robin))")
            }
            missed += column.missed(ours: ours, robin: robin, aware: aware)
        }
        missed.forEach { print("missed: \($0)") }
        if check {
            if !missed.isEmpty { throw ExitCode(1) }
            return
        }
        print("\nthe queue alone: enqueue, next and ended together")
        for waiting in [100_000, 1_000_000] { QueueTiming.measure(waiting: waiting, seed: seed).print() }
        for waiting in [0, 100_000] { QueueTiming.measure(waiting: waiting, servers: 1_000, seed: seed).print() }
    }

    private func line(_ outcome: PlacementOutcome, over robin: PlacementOutcome) -> String {
        "\(fixed(outcome.gain(over: robin), 2))x  \(fixed(outcome.hitRate * 100, 1)) %  "
            + "+\(fixed((outcome.imbalance - 1) * 100, 1)) %"
    }
}

/// A number with so many decimals.
func fixed(_ number: Double, _ decimals: Int) -> String {
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let whole = Int((number * Double(scale)).rounded())
    guard decimals > 0 else { return String(whole) }
    let fraction = String(abs(whole) % scale)
    let sign = whole < 0 ? "-" : ""
    return "\(sign)\(abs(whole) / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

/// A text, filled up with spaces.
func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
