import ClusterLogic
import Hashing
import ServiceRuntime
import Support
import Transport
import Wire

/// Performs the machine's requests to the recorder and brings the answers back as inputs.
struct RecorderSteps: Sendable {
    let client: WireClient
    let runEpoch: UInt64
    /// This start of the coordinator.
    let owner: UInt64
    let post: @Sendable (RunDriver.Input) -> Void

    /// Sends the machine's request of that number. Each may be sent again: the recorder takes repetitions as one.
    func perform(_ number: UInt64, _ what: RoundMachine.Request) {
        let asked = (number, what)
        switch what {
        case .grant(let leases):
            let message = GrantPartitions(runEpoch: runEpoch, leases: leases)
            ask(asked, message, for: Acknowledged.self) { _ in .event(.recorded(number, .done)) }
        case .open(let round, let time):
            ask(asked, OpenRound(runEpoch: runEpoch, round: round, time: time), for: Acknowledged.self) { _ in
                .event(.recorded(number, .done))
            }
        case .merge(let round, let time):
            ask(asked, MergeRound(runEpoch: runEpoch, round: round, time: time), for: RoundMerged.self) {
                .event(
                    .recorded(
                        number, .merged(roots: $0.roots, failed: $0.failed, interventions: $0.interventions)))
            }
        case .close(let round, let time):
            ask(asked, CloseRound(runEpoch: runEpoch, round: round, time: time), for: RoundClosed.self) {
                .closed(number, round: round, $0)
            }
        case .intervene: preconditionFailure("what an intervention is stands elsewhere")
        case .pause, .proceed, .finish:
            ask(asked, FinishRun(runEpoch: runEpoch, what), for: Acknowledged.self) { _ in
                .event(.recorded(number, .done))
            }
        }
    }

    /// The same for interventions, of which the machine knows the request alone. That the recorder refuses them ends no
    /// run.
    func intervene(_ number: UInt64, _ request: Digest128, _ rows: [InterventionRow]) {
        let message = RecordInterventions(runEpoch: runEpoch, request: request, interventions: rows)
        let refused: @Sendable (Problem) -> RunDriver.Input = { .intervened(number, request, .failure($0)) }
        ask((number, .intervene(request)), message, for: Intervened.self, refused: refused) {
            .intervened(number, request, .success($0.rounds))
        }
    }

    /// Makes sure that the run is still this coordinator's. Every step would find out, too; but while a coordinator
    /// waits for hosts, it takes none, and hosts that are another's never come.
    func confirm(rounds: UInt32) {
        let post = post
        client.request(
            RaiseEpoch(epoch: runEpoch, rounds: rounds, owner: owner), expecting: Acknowledged.self
        ) { result in
            if case .failure(let problem as Problem) = result, problem.code == .conflict {
                post(.deposed(reason: Self.deposed(problem)))
            } else {
                post(.confirmed)
            }
        }
    }

    private static func deposed(_ problem: Problem) -> String {
        "another coordinator plays the run: its recorder says that \(problem.what)"
    }

    private func ask<Reply: WireMessage>(
        _ asked: (UInt64, RoundMachine.Request), _ message: some WireMessage, for reply: Reply.Type,
        refused: (@Sendable (Problem) -> RunDriver.Input)? = nil,
        _ input: @escaping @Sendable (Reply) -> RunDriver.Input
    ) {
        let post = post
        client.request(message, expecting: reply) { result in
            switch result {
            case .success(let answer): post(input(answer))
            case .failure(let problem as Problem) where problem.code == .overloaded || problem.code == .unavailable:
                post(.recorderBusy(asked.0, asked.1))
            case .failure(TransportError.overloaded): post(.recorderBusy(asked.0, asked.1))
            case .failure(TransportError.refused(let refusal)) where refusal.code == .credit:
                post(.recorderBusy(asked.0, asked.1))
            case .failure(let problem as Problem) where problem.code == .fenced:
                post(.deposed(reason: Self.deposed(problem)))
            case .failure(let problem as Problem) where problem.code == .conflict || problem.code == .invalid:
                post(refused?(problem) ?? .event(.recorderFailed(reason: Self.explain(problem))))
            case .failure(let error): post(.event(.recorderFailed(reason: Self.explain(error))))
            }
        }
    }

    private static func explain(_ error: any Error) -> String {
        "the recorder: \((error as? Problem).map { "\($0.userError(at: ""))" } ?? "\(error)")"
    }
}

extension FinishRun {
    /// What the machine wants written of how the run stands; only for requests that say so.
    fileprivate init(runEpoch: UInt64, _ what: RoundMachine.Request) {
        switch what {
        case .pause: self.init(runEpoch: runEpoch, ending: .paused, reason: "paused by a person")
        case .proceed: self.init(runEpoch: runEpoch, ending: .playing, reason: "")
        case .finish(.finished): self.init(runEpoch: runEpoch, ending: .finished, reason: "")
        case .finish(.stopped): self.init(runEpoch: runEpoch, ending: .stopped, reason: "stopped by a person")
        case .finish(.failed(let reason)): self.init(runEpoch: runEpoch, ending: .failed, reason: reason)
        case .grant, .open, .merge, .close, .intervene: preconditionFailure("not about how the run stands")
        }
    }
}
