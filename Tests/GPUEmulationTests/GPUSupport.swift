import Hashing
import Support

@testable import GPUEmulation

/// A GPU with round figures: a token takes a millisecond to compute, a step takes ten at least.
func plainGPU(
    kvTokens: Int = 16_000, sequences: Int = 64, batched: Int = 1_000, prefixCache: Bool = true
) -> GPUParameters {
    GPUParameters(
        prefillTokensPerSecond: 1_000, decodeTokensPerSecond: 100, kvTokens: kvTokens, maximumSequences: sequences,
        maximumBatchedTokens: batched, prefixCache: prefixCache)
}

/// A request whose first blocks are those of `family` and whose others are its own.
func request(
    _ id: UInt64, prompt: Int, answer: Int = 1, family: UInt64 = 0, shared: Int = 0, blockTokens: Int = 16
) -> GPURequest {
    let blocks = (0..<prompt / blockTokens).map { place in
        HashBuilder.hash64(.request) { builder in
            builder.append(place * blockTokens < shared ? family : UInt64.max - id)
            builder.append(UInt64(place))
        }
    }
    return GPURequest(id: id, promptTokens: prompt, answerTokens: answer, blocks: blocks)
}

/// A GPU under a clock that jumps from step to step.
struct VirtualGPU {
    var model: GPUModel
    var now = Instant(nanoseconds: 0)
    var completions: [GPUCompletion] = []

    init(_ parameters: GPUParameters) { model = GPUModel(parameters) }

    /// Makes one step, if there is anything to do. Returns whether there was.
    mutating func step() -> Bool {
        guard let end = model.step(at: now) else { return false }
        now = end
        completions += model.finish(at: end)
        return true
    }

    /// Serves until nothing is left.
    mutating func run() { while step() {} }
}

/// Serves all requests, which are there from the beginning. Returns the time until the last is done.
func makespan(_ requests: [GPURequest], _ parameters: GPUParameters) -> (time: Span, model: GPUModel) {
    var gpu = VirtualGPU(parameters)
    for request in requests { gpu.model.arrive(request, at: gpu.now) }
    gpu.run()
    return (gpu.now.since(Instant(nanoseconds: 0)), gpu.model)
}
