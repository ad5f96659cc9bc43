import GatewayLogic
import Model
import Support
import Wire

/// A call that has no outcome yet.
final class PendingCall<Asker> {
    /// Where it is.
    enum Place: Equatable {
        /// In the queue.
        case queued
        /// At servers, as these flights: one, or a second when the first took long.
        case flying([UInt64])
        /// Waiting for its next try.
        case resting
        /// Waiting for the answer of another call, which asks the same: the one that leads its group.
        case following
    }

    let number: UInt64
    let key: CallKey
    let request: Complete
    /// The prompt's prefixes.
    let chain: PrefixChain
    /// The prompt's tokens, estimated.
    let tokens: Int
    /// What it weighs in the queue.
    let bytes: Int
    let deadline: Instant
    /// Everybody who asked for it.
    var askers: [Asker]
    /// When it is given up, while nobody is there who asked.
    var orphanedUntil: Instant?
    var place = Place.queued
    /// The work that this call does for all that ask the same.
    var leads: WorkKey?
    /// The calls that ask the same at once; nil where this call is alone. One of them leads.
    var group: CallGroup?
    /// The attempt that is made now, from 0.
    var attempt = 0
    /// Tries that failed without an answer, over all attempts.
    var retries = 0
    /// How often each server asked for the other field for the length of answers.
    var limitChanges: [ServerID: Int] = [:]
    /// Why the last of them failed.
    var lastTrouble = ""
    var rejected: [RejectedAttempt] = []
    /// Tokens over all attempts, as the servers told.
    private(set) var promptTokens: UInt32 = 0
    private(set) var completionTokens: UInt32 = 0
    var model = ""
    /// How the probabilities of its options are read now; nil where its answer is sampled.
    var reading: ReadingWay?
    /// What its answer was drawn from.
    var distribution: ChoiceDistribution?
    /// Why its answer is sampled although a distribution was wanted; empty otherwise.
    var fallback = ""

    init(_ arrived: ArrivedCall, number: UInt64, deadline: Instant, asker: Asker) {
        self.number = number
        self.deadline = deadline
        key = arrived.key
        request = arrived.request
        chain = arrived.chain
        tokens = arrived.tokens
        bytes = arrived.bytes
        askers = [asker]
        reading = request.spec.reading == .distribution ? .firstToken : nil
    }

    /// The call as the queue sees it.
    func waiting(_ lane: WaitingCall.Lane) -> WaitingCall {
        WaitingCall(
            number: number, flow: key.run, model: request.spec.model, chain: chain, tokens: tokens,
            answerTokens: answerTokens, priority: Int(request.terms.priority), lane: lane)
    }

    /// Whether the tokens of its prompt are asked for, and no answer.
    var isCount: Bool { request.spec.kind == .count }

    /// Most tokens of the answer that is asked for now.
    var answerTokens: Int { reading == nil ? Int(request.spec.sampling.maxTokens) : 1 }

    /// How many options it has to choose from, 0 where it is free.
    var choices: Int { if case .choice(let options) = request.spec.constraint { options.count } else { 0 } }

    /// What the present attempt has in common with others of equal request; nil where each draws its own answer.
    var work: WorkKey? {
        // The probabilities are the same for all; the seed only draws from them.
        if let reading { return WorkKey(request: key.request, seed: nil, attempt: 0, reading: reading) }
        let seed = request.seeds[attempt]
        if request.spec.sampling.temperature == 0 {
            return WorkKey(request: key.request, seed: nil, attempt: attempt)
        }
        return WorkKey(request: key.request, seed: seed, attempt: 0)
    }

    /// Adds the tokens of one attempt. A server may say any number: sums stop at the largest.
    func count(promptTokens prompt: Int?, completionTokens completion: Int?) {
        promptTokens = Self.sum(promptTokens, prompt)
        completionTokens = Self.sum(completionTokens, completion)
    }

    private static func sum(_ left: UInt32, _ right: Int?) -> UInt32 {
        let (sum, overflow) = left.addingReportingOverflow(UInt32(clamping: right ?? 0))
        return overflow ? .max : sum
    }

    /// The call's end.
    func outcome(answer: String?, rejection: String) -> CompletionOutcome {
        CompletionOutcome(
            answer: answer, rejection: rejection, rejected: rejected,
            promptTokens: promptTokens, completionTokens: completionTokens, model: model,
            distribution: distribution, fallback: distribution == nil ? fallback : "")
    }
}
