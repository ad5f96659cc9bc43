import ClusterLogic
import Model
import SimulationKit
import Support
import Testing
import Transport
import Wire

@testable import AgentHostRole

@Suite struct ServiceRetryTests {
    /// Counts tries and keeps reports.
    private final class Notes: Sendable {
        private let state = Guarded((tries: 0, pauses: 0, reports: [Problem]()))
        var tries: Int { state.withLock { $0.tries } }
        var pauses: Int { state.withLock { $0.pauses } }
        var reports: [Problem] { state.withLock { $0.reports } }
        func nextTry() -> Int {
            state.withLock { state in
                state.tries += 1
                return state.tries
            }
        }
        func pause() { state.withLock { $0.pauses += 1 } }
        func report(_ problem: Problem) { state.withLock { $0.reports.append(problem) } }
    }

    private func retry(_ notes: Notes) -> ServiceRetry {
        ServiceRetry(pause: { _ in notes.pause() }, report: { notes.report($0) })
    }

    private static let temporary: [any Error] = [
        Problem(.overloaded, "busy"), Problem(.unavailable, "starting"), TransportError.overloaded(limit: 1),
    ]

    @Test(arguments: temporary.indices) func whatPassesIsWaitedFor(_ index: Int) async throws {
        let notes = Notes()
        let answer = try await retry(notes).patiently {
            if notes.nextTry() < 3 { throw Self.temporary[index] }
            return 7
        }
        #expect(answer == 7)
        #expect(notes.tries == 3)
        #expect(notes.pauses == 2)
        #expect(notes.reports.isEmpty)
    }

    @Test func whatAPersonMustMendIsReportedAndInterruptsTheTurn() async {
        let notes = Notes()
        await #expect(throws: TurnInterrupted.self) {
            try await retry(notes).patiently { throw Problem(.misconfigured, "no such model") }
        }
        #expect(notes.reports.map(\.what) == ["no such model"])
        #expect(notes.pauses == 0)
    }

    private struct Garbled: Error {}

    @Test func nothingThatHappensOnTheWayFailsATurn() async {
        let infrastructure: [any Error] = [TransportError.closed, Garbled(), Problem(.storage, "full")]
        for error in infrastructure {
            await #expect(throws: TurnInterrupted.self) { try await retry(Notes()).patiently { throw error } }
        }
        await #expect(throws: CancellationError.self) {
            try await retry(Notes()).patiently { throw CancellationError() }
        }
    }

    @Test func aRefusedLeaseIsRememberedAndNotReported() async {
        let notes = Notes()
        let refused = Guarded<[Lease]>([])
        var retry = retry(notes)
        retry.fenced = { lease in refused.withLock { $0.append(lease) } }
        let lease = Lease(partition: 3, epoch: 4, host: 1)
        let bound = retry.under(lease)
        await #expect(throws: TurnInterrupted.self) {
            try await bound.patiently { throw Problem(.fenced, "the partition has another holder") }
        }
        #expect(refused.withLock { $0 } == [lease])
        #expect(notes.reports.isEmpty)
    }

    @Test func anInterruptionReachesTheCoordinatorAsAProblem() {
        let problem = HostProblem.of(
            TurnInterrupted(reason: "the embedding server returned a vector of another dimension"))
        #expect(problem.code == .unavailable)
        #expect(problem.what.contains("another dimension"))
        #expect(!problem.advice.isEmpty)
    }
}
