import Support

/// One GPU that serves one model with continuous batching, as vLLM's scheduler does it: a state machine under a clock
/// that its owner moves.
///
/// Work is done in steps. Each step gives every running sequence its next token, goes on with prompts that are not
/// computed yet, and takes up those who wait, in order, as long as its token budget, its number of sequences and the
/// memory of KV allow. Where KV is short, the sequence that was taken up last loses its own and waits again, before all
/// others. Blocks of prompts are found by their contents, also those of the step that is being made.
///
/// Call `arrive` and `abort` whenever it happens, `step` when no step is being made, and `finish` at the end of each.
public struct GPUModel: Sendable {
    /// A step that is being made.
    public struct Step: Sendable, Equatable {
        /// When it ends.
        public var end: Instant
        /// Tokens that it computes.
        public var tokens: Int
        /// Sequences that it computes them for.
        public var sequences: Int
    }

    /// What the GPU can do.
    public let parameters: GPUParameters
    /// What it has done.
    public private(set) var counters = GPUCounters()
    /// The step that is being made; nil between steps and without work.
    public private(set) var current: Step?

    private var kv: KVBlocks
    private var sequences: [GPURequest.ID: GPUSequence] = [:]
    private var running: [GPURequest.ID] = []
    private var waiting = WaitingLine()
    /// The sequences of the step that is being made, with the tokens that each is computed.
    private var work: [(id: GPURequest.ID, tokens: Int)] = []

    /// An idle GPU. Its memory must hold at least one block.
    public init(_ parameters: GPUParameters) {
        precondition(parameters.blockCount > 0, "a GPU needs memory for at least one block of KV")
        self.parameters = parameters
        kv = KVBlocks(count: parameters.blockCount)
    }

    /// Sequences that hold a place in steps.
    public var runningCount: Int { running.count }
    /// Requests that wait to be taken up.
    public var waitingCount: Int { waiting.count }
    /// Blocks of KV that sequences hold.
    public var heldBlocks: Int { kv.count - kv.free }
    /// Share of the KV that sequences hold, from 0 to 1.
    public var kvUsage: Double { Double(heldBlocks) / Double(kv.count) }

    /// Whether the request was taken up and is not waiting.
    public func isRunning(_ id: GPURequest.ID) -> Bool { sequences[id] != nil && !waiting.contains(id) }

    /// Whether a request of these sizes can ever be served.
    public func fits(promptTokens: Int, answerTokens: Int) -> Bool {
        let (tokens, overflow) = promptTokens.addingReportingOverflow(answerTokens)
        return !overflow && parameters.blocks(for: tokens) <= kv.count
    }

    /// A request comes and waits. It must fit, have a token of prompt and answer at least, and a name of its own.
    public mutating func arrive(_ request: GPURequest, at now: Instant) {
        precondition(request.promptTokens > 0 && request.answerTokens > 0, "a request needs a prompt and an answer")
        precondition(
            !request.holdsKV || fits(promptTokens: request.promptTokens, answerTokens: request.answerTokens),
            "a request does not fit into the memory of KV")
        let former = sequences.updateValue(GPUSequence(request, arrived: now), forKey: request.id)
        precondition(former == nil, "two requests have one name")
        waiting.append(request.id)
        counters.arrived += 1
    }

    /// A request is given up: its place and its KV are free at once. False where the GPU does not have it.
    public mutating func abort(_ id: GPURequest.ID) -> Bool {
        guard let sequence = sequences.removeValue(forKey: id) else { return false }
        if !waiting.remove(id) { running.removeAll { $0 == id } }
        kv.release(sequence.blocks)
        counters.aborted += 1
        return true
    }

    /// Begins a step, if there is anything to do and none is being made. Returns when it ends.
    public mutating func step(at now: Instant) -> Instant? {
        guard current == nil, !sequences.isEmpty else { return nil }
        var budget = parameters.maximumBatchedTokens
        work.removeAll(keepingCapacity: true)
        let preempted = goOn(&budget)
        if !preempted { takeUp(&budget, at: now) }
        precondition(!work.isEmpty, "a step has no work although there is a request")
        var (tokens, held) = (0, 0)
        for entry in work {
            tokens += entry.tokens
            held += sequences[entry.id].map { $0.request.holdsKV ? $0.computed : 0 } ?? 0
        }
        let duration = parameters.duration(tokens: tokens, held: held)
        current = Step(end: now + duration, tokens: tokens, sequences: work.count)
        counters.steps += 1
        counters.sequencesInSteps += work.count
        counters.computedTokens += tokens
        counters.busy.nanoseconds += duration.nanoseconds
        return current?.end
    }

    /// The step ends. Returns the requests that are served to their end, in the order in which they were taken up.
    public mutating func finish(at now: Instant) -> [GPUCompletion] {
        guard let step = current else { return [] }
        precondition(now >= step.end, "a step is ended before its time")
        current = nil
        var completions: [GPUCompletion] = []
        for (id, tokens) in work {
            // Given up in the meantime.
            guard var sequence = sequences.removeValue(forKey: id) else { continue }
            if sequence.advance(tokens, at: now) {
                counters.answerTokens += 1
                if sequence.answered == 1 { counters.firstToken.record(now.since(sequence.arrived)) }
            }
            if let completion = sequence.completion(at: now) {
                kv.release(sequence.blocks)
                counters.finished += 1
                counters.promptTokens += sequence.request.promptTokens
                completions.append(completion)
            } else {
                sequences[id] = sequence
            }
        }
        if !completions.isEmpty { running.removeAll { sequences[$0] == nil } }
        return completions
    }

    /// Gives running sequences their part of the step. Returns whether one had to be preempted.
    private mutating func goOn(_ budget: inout Int) -> Bool {
        var preempted = false
        var place = 0
        sequence: while place < running.count, budget > 0 {
            let id = running[place]
            guard let left = sequences[id]?.left else { preconditionFailure("a running sequence is unknown") }
            let tokens = min(left, budget)
            while !grow(id, by: tokens) {
                preempted = true
                let victim = running.removeLast()
                preempt(victim)
                if victim == id { break sequence }
            }
            work.append((id, tokens))
            budget -= tokens
            place += 1
        }
        return preempted
    }

    /// Takes up those who wait, in order, up to the first that finds no room.
    private mutating func takeUp(_ budget: inout Int, at now: Instant) {
        while budget > 0, running.count < parameters.maximumSequences, let id = waiting.first() {
            guard var sequence = sequences[id] else { preconditionFailure("a waiting sequence is unknown") }
            // The last token is computed in any case: the answer begins from it.
            let limit = parameters.prefixCache ? (sequence.left - 1) / parameters.blockTokens : 0
            let shared = sequence.request.holdsKV ? kv.found(sequence.request.blocks, limit: limit) : []
            let cached = shared.count * parameters.blockTokens
            let tokens = min(sequence.left - cached, budget)
            let needed = sequence.request.holdsKV ? parameters.blocks(for: cached + tokens) - shared.count : 0
            guard let blocks = kv.take(shared: shared, others: needed) else { return }
            waiting.removeFirst()
            running.append(id)
            if sequence.begun == nil {
                sequence.begun = now
                sequence.cached = cached
                counters.queued.record(now.since(sequence.arrived))
                if parameters.prefixCache, sequence.request.holdsKV {
                    counters.prefixQueries += sequence.request.promptTokens
                    counters.prefixHits += cached
                }
            }
            sequence.blocks = blocks
            sequence.computed = cached
            sequence.named = shared.count
            nameBlocks(&sequence, upTo: cached + tokens)
            sequences[id] = sequence
            work.append((id, tokens))
            budget -= tokens
        }
    }

    /// Sees to it that a sequence has room for so many more tokens.
    private mutating func grow(_ id: GPURequest.ID, by tokens: Int) -> Bool {
        guard var sequence = sequences[id], sequence.request.holdsKV else { return true }
        let end = sequence.computed + tokens
        let missing = parameters.blocks(for: end) - sequence.blocks.count
        let hasNames = sequence.named < min(sequence.request.blocks.count, end / parameters.blockTokens)
        guard missing > 0 || hasNames else { return true }
        if missing > 0 {
            guard let more = kv.take(shared: [], others: missing) else { return false }
            sequence.blocks += more
        }
        nameBlocks(&sequence, upTo: end)
        sequences[id] = sequence
        return true
    }

    /// Lets the prompt's blocks be found that are full after this step. Others in the same step may use them: each
    /// layer writes the KV of all tokens before any reads it.
    private mutating func nameBlocks(_ sequence: inout GPUSequence, upTo tokens: Int) {
        guard parameters.prefixCache else { return }
        let full = min(sequence.request.blocks.count, tokens / parameters.blockTokens)
        while sequence.named < full {
            kv.name(sequence.blocks[sequence.named], sequence.request.blocks[sequence.named])
            sequence.named += 1
        }
    }

    private mutating func preempt(_ id: GPURequest.ID) {
        guard var sequence = sequences[id] else { preconditionFailure("a running sequence is unknown") }
        kv.release(sequence.blocks)
        sequence.loseAll()
        sequences[id] = sequence
        waiting.giveBack(id)
        counters.preemptions += 1
    }

    /// What is wrong with the books, for tests; nil where nothing is.
    func fault() -> String? {
        guard running.count + waiting.count == sequences.count else { return "a request neither runs nor waits" }
        guard running.count <= parameters.maximumSequences else { return "too many sequences run" }
        guard counters.arrived == counters.finished + counters.aborted + sequences.count else {
            return "requests are not conserved"
        }
        if let short = sequences.values.first(where: { $0.request.holdsKV && !$0.holds(parameters) }) {
            return "request \(short.request.id) has computed more than its blocks hold"
        }
        return kv.fault(held: sequences.values.map(\.blocks))
    }
}
