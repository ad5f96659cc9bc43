import Hashing
import Model
import Support
import Testing

@testable import LLMGatewayRole

@Suite struct IdentityMemoTests {
    private let now = Instant(nanoseconds: 0)

    private func key(_ number: UInt32, request: UInt64 = 0, run: String = "r") -> CallKey {
        let turn = TurnID.root(round: 1, kind: .act, agent: "a")
        return CallKey(
            run: run, call: CallID(turn: turn, number: number), request: Digest128(high: 0, low: request))
    }

    private func outcome(_ text: String) -> CompletionOutcome {
        CompletionOutcome(
            answer: text, rejection: "", rejected: [], promptTokens: 1, completionTokens: 1, model: "m")
    }

    private func answer(_ memo: IdentityMemo, _ key: CallKey) -> String? {
        if case .kept(let outcome, _, _) = memo.entry(key) { return outcome.answer }
        return nil
    }

    @Test func anAnswerIsKeptUntilItsCallIsReleased() {
        var memo = IdentityMemo(limit: 10_000, grace: .seconds(0))
        memo.begin(key(1), as: 7)
        #expect(answer(memo, key(1)) == nil)
        memo.keep(key(1), outcome("x"))
        #expect(answer(memo, key(1)) == "x")
        memo.release(key(1).call, of: key(1).run, at: now)
        memo.expire(at: now)
        #expect(memo.entry(key(1)) == nil)
        #expect(memo.bytes == 0)
    }

    @Test func theSameCallWithAnotherRequestOrRunIsAnotherCall() {
        var memo = IdentityMemo(limit: 10_000, grace: .seconds(0))
        for key in [key(1), key(1, request: 5), key(1, run: "s")] {
            #expect(memo.entry(key) == nil)
            memo.begin(key, as: 1)
            memo.keep(key, outcome("\(key.request) \(key.run)"))
        }
        #expect(memo.kept == 3)
        memo.release(key(1).call, of: "r", at: now)
        memo.expire(at: now)
        #expect(memo.kept == 1)
        #expect(memo.entry(key(1, run: "s")) != nil)
    }

    @Test func beyondItsBytesTheOldestAnswersGoFirst() {
        var memo = IdentityMemo(limit: 1_000, grace: .seconds(0))
        for number in 0..<10 as Range<UInt32> {
            memo.begin(key(number), as: UInt64(number))
            memo.keep(key(number), outcome("x"))
        }
        #expect(memo.bytes <= 1_000)
        #expect(answer(memo, key(9)) == "x")
        #expect(answer(memo, key(0)) == nil)
        #expect(memo.evicted == 10 - memo.kept)
    }

    @Test func aReleaseDoesNotForgetACallUnderWay() {
        var memo = IdentityMemo(limit: 1_000, grace: .seconds(0))
        memo.begin(key(1), as: 3)
        memo.release(key(1).call, of: key(1).run, at: now)
        memo.expire(at: now)
        guard case .pending(3) = memo.entry(key(1)) else {
            Issue.record("forgotten")
            return
        }
        memo.abandon(key(1))
        #expect(memo.entry(key(1)) == nil)
    }
}
