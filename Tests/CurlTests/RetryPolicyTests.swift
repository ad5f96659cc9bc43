import Curl
import Support
import Testing

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(first: .milliseconds(100), longest: .seconds(10), longestAsked: .seconds(120))

    @Test func waitsDoubleUpToTheLongestAndTakeHalfToAllOfIt() {
        for (retry, whole) in [(0, 0.1), (1, 0.2), (4, 1.6), (7, 10), (64, 10), (.max, 10)] {
            let least = policy.delay(retry: retry, jitter: 0).seconds
            let most = policy.delay(retry: retry, jitter: .max).seconds
            #expect(abs(least - whole / 2) < 1e-6)
            #expect(abs(most - whole) < 1e-6)
        }
    }

    @Test func aServerIsHonouredBeyondTheLongestWaitOfOurOwnButNotForEver() {
        #expect(policy.delay(retry: 0, jitter: 0, retryAfter: .seconds(60)) == .seconds(60))
        #expect(policy.delay(retry: 0, jitter: 0, retryAfter: .seconds(1e9)) == .seconds(120))
        #expect(policy.delay(retry: 7, jitter: .max, retryAfter: .seconds(1)) == .seconds(10))
    }

    @Test func onlyStatusesThatSayLaterAreTransient() {
        let transient = [408, 425, 429, 500, 502, 503, 504, 507, 529]
        for status in 100..<600 {
            let expected = transient.contains(status) || status > 505
            #expect(RetryPolicy.isTransient(status: status) == expected, "\(status)")
        }
    }
}
