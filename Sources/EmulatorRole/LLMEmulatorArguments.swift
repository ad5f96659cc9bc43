import ArgumentParser

extension ChoicePolicy: ExpressibleByArgument {}
extension EmulatedEngine: ExpressibleByArgument {}

extension LLMEmulatorCommand {
    /// The arguments as options of a server; throws what the user got wrong.
    func options() throws -> EmulatorOptions {
        var options = EmulatorOptions()
        (options.host, options.port) = try Self.address(listen)
        options.engine = engine
        options.policy = policy
        options.seed = seed
        guard let latency = DurationText.read(latency) else {
            throw ValidationError(
                "--latency \(latency) is not a length of time of at most an hour, as 250us, 20ms or 1.5s")
        }
        options.latency = latency
        options.parallel = try Self.check(parallel, in: 0...1_000_000, "--parallel")
        options.dimension = try Self.check(dim, in: 1...65_536, "--dim")
        options.embeddingCost = try embedding.cost()
        options.embeddingBatch = try embedding.embeddingBatch.map {
            try Self.check($0, in: 1...2_048, "--embedding-batch")
        }
        options.model = model
        options.context = try Self.check(context, in: 16...(1 << 24), "--context")
        options.replyTokens = try Self.range(replyTokens)
        options.faultRates = try Self.rates(faultRate)
        options.faultSeed = faultSeed
        options.faultRepeat = try Self.check(faultRepeat, in: 0...1_000_000, "--fault-repeat")
        options.retryAfter = try Self.check(retryAfter, in: 0...3_600, "--retry-after")
        options.hold = hold
        if let lifelineFd { _ = try Self.check(Int(lifelineFd), in: 0...65_535, "--lifeline-fd") }
        return options
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws -> Int {
        guard range.contains(value) else {
            throw ValidationError("\(name) must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    private static func address(_ text: String) throws -> (String, Int) {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = UInt16(text[text.index(after: colon)...])
        else { throw ValidationError("--listen \(text) is not HOST:PORT") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), Int(port))
    }

    private static func range(_ text: String) throws -> ClosedRange<Int> {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, 1 <= low, low <= high,
            high <= 8_192
        else { throw ValidationError("--reply-tokens \(text) is not a range as 24-40, up to 8192") }
        return low...high
    }

    private static func rates(_ texts: [String]) throws -> [FaultKind: Double] {
        var rates: [FaultKind: Double] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let kind = FaultKind(rawValue: parts[0]), let rate = Double(parts[1]),
                (0...1).contains(rate)
            else {
                let kinds = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--fault-rate \(text) is not KIND=P with P from 0 to 1 and KIND of \(kinds)")
            }
            rates[kind] = rate
        }
        // The sum in a fixed order, with room for rounding.
        guard FaultKind.allCases.reduce(0, { $0 + (rates[$1] ?? 0) }) <= 1 + 1e-9 else {
            throw ValidationError("the rates of --fault-rate add up to more than 1")
        }
        return rates
    }
}
