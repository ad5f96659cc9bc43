import ClusterLogic
import ServiceRuntime
import Support
import Wire

/// Performs the machine's requests to the recorder and brings the answers back as inputs.
struct RecorderSteps: Sendable {
    let client: WireClient
    let runEpoch: UInt64
    let post: AsyncStream<RunDriver.Input>.Continuation

    /// Sends the request of an action; other actions are not the recorder's.
    func perform(_ action: RoundMachine.Action) {
        switch action {
        case .recordLeases(let leases):
            let wire = leases.map { PartitionLease(partition: $0.partition, epoch: $0.epoch, host: $0.host) }
            ask(GrantPartitions(runEpoch: runEpoch, leases: wire), for: Acknowledged.self) { _ in
                .event(.leasesRecorded)
            }
        case .openRound(let round, let time):
            ask(OpenRound(runEpoch: runEpoch, round: round, time: time), for: Acknowledged.self) { _ in
                .event(.roundOpened(round))
            }
        case .mergeRound(let round, let time):
            ask(MergeRound(runEpoch: runEpoch, round: round, time: time), for: RoundMerged.self) { .merged(round, $0) }
        case .closeRound(let round, let time):
            ask(CloseRound(runEpoch: runEpoch, round: round, time: time), for: RoundClosed.self) { .closed(round, $0) }
        case .finishRun(let outcome):
            ask(FinishRun(runEpoch: runEpoch, outcome), for: Acknowledged.self) { _ in .event(.runFinished) }
        case .send, .limitDrain, .end: preconditionFailure("not a request to the recorder")
        }
    }

    private func ask<Reply: WireMessage>(
        _ message: some WireMessage, for reply: Reply.Type, _ input: @escaping @Sendable (Reply) -> RunDriver.Input
    ) {
        let post = post
        client.request(message, expecting: reply) { result in
            switch result {
            case .success(let answer): post.yield(input(answer))
            case .failure(let error): post.yield(.event(.recorderFailed(reason: Self.explain(error))))
            }
        }
    }

    private static func explain(_ error: any Error) -> String {
        "the recorder: \((error as? Problem).map { "\($0.userError(at: ""))" } ?? "\(error)")"
    }
}

extension FinishRun {
    /// The end of a run as the machine decided it.
    init(runEpoch: UInt64, _ outcome: RunOutcome) {
        switch outcome {
        case .finished: self.init(runEpoch: runEpoch, ending: .finished, reason: "")
        case .stopped: self.init(runEpoch: runEpoch, ending: .stopped, reason: "stopped by a signal")
        case .failed(let reason): self.init(runEpoch: runEpoch, ending: .failed, reason: reason)
        }
    }
}
