import ArgumentParser
import Foundation
import GPUEmulation
import Hashing
import Support

extension ChoicePolicy: ExpressibleByArgument {}
extension EmulatedEngine: ExpressibleByArgument {}

extension LLMEmulatorCommand {
    /// Most servers of one process.
    static let maximumServers = 256

    /// The arguments as options of each server; throws what the user got wrong.
    func options() throws -> [EmulatorOptions] {
        let count = try Self.check(servers, in: 1...Self.maximumServers, "--servers")
        _ = try Self.check(threads, in: 1...64, "--threads")
        let common = try commonOptions()
        let faults = try FaultRateArguments(faultRate, servers: count)
        return try (0..<count).map { index in
            var options = common
            if common.port > 0 {
                options.port = common.port + index
                guard options.port <= UInt16.max else {
                    throw ValidationError("--listen \(listen) leaves no ports for --servers \(count)")
                }
            }
            options.faultRates = faults.rates[index]
            // The first server's faults are those that it has alone.
            if index > 0 {
                options.faultSeed = HashBuilder.hash64(.emulatorFault) { builder in
                    builder.append(faultSeed)
                    builder.append(UInt64(index))
                }
            }
            return options
        }
    }

    private func commonOptions() throws -> EmulatorOptions {
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
        guard !model.isEmpty, !model.contains(""), Set(model).count == model.count else {
            throw ValidationError("--model needs names that differ")
        }
        options.models = model
        options.context = try Self.check(context, in: 16...(1 << 24), "--context")
        options.replyTokens = try Self.range(replyTokens)
        if let gpuModel { try takeGPU(gpuModel, &options) }
        guard speed == 1 || gpuModel != nil else { throw ValidationError("--speed needs --gpu-model") }
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

    private func takeGPU(_ path: String, _ options: inout EmulatorOptions) throws {
        guard let file = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--gpu-model \(path) cannot be read")
        }
        let parameters: GPUParameters
        do {
            parameters = try GPUParameters(parsing: Array(file), at: path)
        } catch {
            throw ValidationError("\(error)")
        }
        guard options.latency.nanoseconds == 0, options.parallel == 0 else {
            throw ValidationError("--gpu-model says how long requests take: leave out --latency and --parallel")
        }
        guard speed.isFinite, (0.001...1_000_000).contains(speed) else {
            throw ValidationError("--speed must be from 0.001 to 1000000")
        }
        let room = parameters.blockCount * parameters.blockTokens
        guard options.context <= room else {
            throw ValidationError(
                "--context \(options.context) does not fit into the \(room) tokens of KV of --gpu-model \(path)")
        }
        options.gpu = parameters
        options.speed = speed
    }
}
