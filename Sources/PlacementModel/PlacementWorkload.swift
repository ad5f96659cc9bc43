import GatewayLogic
import Hashing

/// Prompts of a round in which all agents fire at once: a part that all share, one that a group shares, a private one.
public struct PlacementWorkload: Sendable {
    /// Tokens of the part that all prompts share.
    public static let shared = 300
    /// Tokens of the part that a group shares.
    public static let scenario = 1500
    /// Tokens of a prompt's own part.
    public static let own = 250
    /// Tokens of a prompt.
    public static let tokens = shared + scenario + own

    /// The group of each request, in order of arrival.
    public let groups: [Int]
    private let seed: UInt64

    /// Requests in random order, in `groups` groups of about equal size; with `zipf`, of sizes as 1/rank.
    public init(requests: Int, groups count: Int, zipf: Bool, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = generator.next()
        var sums: [Double] = []
        var sum = 0.0
        for rank in 1...count {
            sum += zipf ? 1 / Double(rank) : 1
            sums.append(sum)
        }
        var drawn: [Int] = []
        drawn.reserveCapacity(requests)
        for _ in 0..<requests {
            let mark = Double(generator.next() >> 11) / Double(1 << 53) * sum
            var (low, high) = (0, count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > mark { high = middle } else { low = middle + 1 }
            }
            drawn.append(low)
        }
        groups = drawn
    }

    /// The chain of a request's prompt. A chunk that reaches into the next part belongs to that part.
    public func chain(of request: Int) -> PrefixChain {
        let whole = PrefixChain.chunkTokens
        let (common, grouped) = (Self.shared / whole, (Self.shared + Self.scenario) / whole)
        return PrefixChain(
            hashes: (0..<Self.tokens / whole).map { chunk in
                chunk < common
                    ? hash(0, 0, chunk)
                    : chunk < grouped ? hash(1, groups[request], chunk) : hash(2, request, chunk)
            })
    }

    /// The call that asks for a request.
    public func call(_ request: Int, flow: String = "run", lane: WaitingCall.Lane = .opening) -> WaitingCall {
        WaitingCall(
            number: UInt64(request), flow: flow, model: "model", chain: chain(of: request), tokens: Self.tokens,
            answerTokens: 1, lane: lane)
    }

    private func hash(_ kind: Int, _ which: Int, _ chunk: Int) -> UInt64 {
        let place = UInt64(kind) << 48 | UInt64(which) << 16 | UInt64(chunk)
        var generator = SeededGenerator(seed: seed ^ place &* 0x9E37_79B9_7F4A_7C15)
        return generator.next()
    }
}
