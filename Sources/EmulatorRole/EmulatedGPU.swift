import GPUEmulation
import Support

/// The GPU behind one emulated server, and how fast its time passes. Pure but for its owner's clock.
struct EmulatedGPU {
    var model: GPUModel
    /// Seconds of the GPU in one of the clock.
    let speed: Double
    /// Where the GPU's time begins on the clock.
    private let origin: Instant
    private var nextID: GPURequest.ID = 0
    private(set) var peak = 0
    private(set) var peakRunning = 0
    /// When the first request came, in the GPU's time.
    private(set) var firstArrival: Instant?
    /// When the last request was served to its end, in the GPU's time.
    private(set) var lastEnd: Instant?
    /// How long after their ends, in the GPU's time, answers were handed out: all of them together, and the longest. A
    /// busy machine's delay, by which a fast clock makes the GPU look slower than it is.
    private(set) var lateness = Span(nanoseconds: 0)
    private(set) var longestLateness = Span(nanoseconds: 0)

    init(_ parameters: GPUParameters, speed: Double, origin: Instant) {
        model = GPUModel(parameters)
        self.speed = speed
        self.origin = origin
    }

    /// A request comes at this instant of the clock.
    mutating func arrive(_ work: GPUWork, at clock: Instant) -> GPURequest.ID {
        let id = nextID
        nextID += 1
        let now = time(clock)
        if firstArrival == nil { firstArrival = now }
        model.arrive(
            GPURequest(
                id: id, promptTokens: work.promptTokens, answerTokens: work.answerTokens, blocks: work.blocks,
                holdsKV: work.holdsKV), at: now)
        peak = max(peak, model.runningCount + model.waitingCount)
        return id
    }

    /// Makes the steps that are due at this instant of the clock, at most `limit`. Returns who is served.
    mutating func advance(to clock: Instant, limit: Int) -> [GPUCompletion] {
        let now = time(clock)
        var completions: [GPUCompletion] = []
        for _ in 0..<limit {
            guard let step = model.current else {
                guard model.step(at: now) != nil else { break }
                peakRunning = max(peakRunning, model.runningCount)
                continue
            }
            guard step.end <= now else { break }
            completions += model.finish(at: step.end)
            // Without a pause, as long as there is work: a late timer costs no time of the GPU.
            _ = model.step(at: step.end)
            peakRunning = max(peakRunning, model.runningCount)
        }
        for completion in completions {
            let late = now.since(completion.finished)
            lateness.nanoseconds += late.nanoseconds
            longestLateness = max(longestLateness, late)
            lastEnd = completion.finished
        }
        return completions
    }

    /// How long the clock runs from `clock` until something is due; nil where nothing is.
    func wait(from clock: Instant) -> Span? {
        guard let end = model.current?.end else { return nil }
        return Span.seconds(end.since(time(clock)).seconds / speed)
    }

    private func time(_ clock: Instant) -> Instant {
        Instant(nanoseconds: Span.seconds(clock.since(origin).seconds * speed).nanoseconds)
    }
}

/// What a request is to a GPU, before it has a name there.
struct GPUWork {
    var promptTokens: Int
    var answerTokens: Int
    var blocks: [UInt64] = []
    var holdsKV = true
}
