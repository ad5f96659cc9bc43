import Model
import Recording
import ServiceRuntime
import Support
import Wire

/// Ties every message that the recorder understands to the service.
struct RecorderHandlers {
    private let service: RecorderService
    private let snapshotMeter: WorkMeter?

    /// Handlers over `service`; `snapshotMeter` counts what reading pieces of snapshots takes.
    init(_ service: RecorderService, snapshotMeter: WorkMeter? = nil) {
        self.service = service
        self.snapshotMeter = snapshotMeter
    }

    /// A server that answers all of them.
    func makeServer() -> WireServer {
        var server = WireServer()
        registerRun(&server)
        registerRounds(&server)
        registerInterventions(&server)
        registerTurns(&server)
        registerQuestions(&server)
        registerSnapshots(&server)
        return server
    }

    // MARK: - The run

    private func registerRun(_ server: inout WireServer) {
        let service = service
        server.on(CreateRun.self) { message, responder in
            service.write(.createRun(name: message.run, definition: message.definition), reply: done(responder))
        }
        server.on(RaiseEpoch.self) { message, responder in
            service.write(
                .raiseEpoch(epoch: message.epoch, rounds: message.rounds, owner: message.owner),
                reply: done(responder))
        }
        server.on(GrantPartitions.self) { message, responder in
            service.write(
                .grantPartitions(runEpoch: message.runEpoch, leases: message.leases), reply: done(responder))
        }
        server.on(RecordAgents.self) { message, responder in
            let agents = message.agents.map {
                RecordedAgent(
                    agent: $0.agent, id: $0.id, type: $0.type, partition: $0.partition, profile: $0.profile)
            }
            service.write(.recordAgents(agents), reply: done(responder))
        }
        server.on(StoreBlob.self) { message, responder in
            service.write(.storeFile(name: message.name, bytes: message.bytes), reply: done(responder))
        }
        server.on(FinishRun.self) { message, responder in
            let ending = "\(message.ending)"
            service.write(
                .finishRun(runEpoch: message.runEpoch, ending: ending, reason: message.reason),
                reply: done(responder))
        }
    }

    // MARK: - Rounds

    private func registerRounds(_ server: inout WireServer) {
        let service = service
        server.on(OpenRound.self) { message, responder in
            service.write(.openRound(RecordedStep(message)), reply: done(responder))
        }
        server.on(PlanRound.self) { message, responder in
            let plan = RecordedPlan(
                partition: message.partition, epoch: message.epoch, round: message.round, roots: message.roots)
            service.write(.planRound(plan), reply: done(responder))
        }
        server.on(MergeRound.self) { message, responder in
            service.write(
                .mergeRound(RecordedStep(message)),
                reply: answer(responder) { reply -> RoundMerged? in
                    guard case .merged(let counts) = reply else { return nil }
                    return RoundMerged(
                        roots: counts.roots, failed: counts.failed, contributions: counts.contributions,
                        interventions: counts.interventions)
                })
        }
        server.on(CloseRound.self) { message, responder in
            service.write(
                .closeRound(RecordedStep(message)),
                reply: answer(responder) { reply -> RoundClosed? in
                    guard case .closed(let digest) = reply else { return nil }
                    return RoundClosed(digest: digest)
                })
        }
    }

    private func registerInterventions(_ server: inout WireServer) {
        let service = service
        server.on(RecordInterventions.self) { message, responder in
            let request = RecordedInterventions(
                runEpoch: message.runEpoch, request: message.request,
                interventions: message.interventions.map { .init(round: $0.round, content: $0.content) })
            service.write(
                .intervene(request),
                reply: answer(responder) { reply -> Intervened? in
                    guard case .intervened(let rounds) = reply else { return nil }
                    return Intervened(rounds: rounds)
                })
        }
        server.on(LoadInterventions.self) { message, responder in
            service.read(
                { store in
                    try store.interventions(message.partition, epoch: message.epoch, round: message.round).map {
                        try Value(packed: $0)
                    }
                }, reply: answerRead(responder) { Interventions(interventions: $0) })
        }
    }

    // MARK: - Turns

    private func registerTurns(_ server: inout WireServer) {
        let service = service
        server.on(RecordOutcomes.self) { message, responder in
            service.write(.outcomes(message.outcomes), reply: done(responder))
        }
        server.on(CommitTree.self) { message, responder in
            let commit = TreeCommit(
                partition: message.partition, epoch: message.epoch, root: message.root, round: message.round,
                tree: message.tree, outcomes: message.outcomes)
            service.write(
                .commit(commit),
                reply: answer(responder) { reply -> CommitResult? in
                    switch reply {
                    case .committed: CommitResult(verdict: .committed)
                    case .duplicate: CommitResult(verdict: .duplicate)
                    case .rerun: CommitResult(verdict: .rerun)
                    default: nil
                    }
                })
        }
    }

    // MARK: - Questions

    private func registerQuestions(_ server: inout WireServer) {
        let service = service
        server.on(LoadRun.self) { _, responder in
            service.read({ try $0.run() }, reply: answerRead(responder) { RunState($0) })
        }
        server.on(LoadPartition.self) { message, responder in
            service.read(
                { try $0.partition(message.partition, epoch: message.epoch, round: message.round) },
                reply: answerRead(responder) { PartitionState($0) })
        }
        server.on(FetchOutcomes.self) { message, responder in
            service.read(
                {
                    try $0.outcomes(
                        message.partition, epoch: message.epoch, round: message.round, root: message.root,
                        cursor: message.cursor)
                }, reply: answerRead(responder) { RecordedOutcomes($0) })
        }
        server.on(FetchMerged.self) { message, responder in
            service.read(
                { try $0.merged(round: message.round, partition: message.partition, offset: message.offset) },
                reply: answerRead(responder) { MergedOperations($0) })
        }
        server.on(FetchBlob.self) { message, responder in
            service.read({ try $0.file(message.hash) }, reply: answerRead(responder) { Blob(bytes: $0) })
        }
        server.on(Summarize.self) { _, responder in
            service.read({ try $0.summary() }, reply: answerRead(responder) { RunSummary($0) })
        }
    }
}

extension RecorderHandlers {
    private func registerSnapshots(_ server: inout WireServer) {
        let service = service
        let meter = snapshotMeter
        server.on(StoreSnapshot.self) { work in
            if let meter { try meter.measure(work) } else { try work() }
        } _: { message, responder in
            service.write(.snapshot(SnapshotPiece(message)), reply: done(responder))
        }
        server.on(LoadSnapshot.self) { message, responder in
            service.read(
                { try $0.snapshot(message.partition, epoch: message.epoch, after: message.after) },
                reply: answerRead(responder) { SnapshotPage($0) })
        }
        server.on(FetchMemory.self) { message, responder in
            service.read(
                {
                    try $0.memories(
                        message.partition, epoch: message.epoch, agent: message.agent, offset: message.offset,
                        count: message.count)
                }, reply: answerRead(responder) { AgentMemory($0) })
        }
    }
}

/// Replies `Acknowledged`.
private func done(_ responder: Responder) -> @Sendable (Result<RecordReply, StoreProblem>) -> Void {
    answer(responder) { reply -> Acknowledged? in
        guard case .done = reply else { return nil }
        return Acknowledged()
    }
}

/// Replies with what `message` makes of the store's reply, which is nil for one that does not fit the request.
private func answer<Message: WireMessage>(
    _ responder: Responder, _ message: @escaping @Sendable (RecordReply) -> Message?
) -> @Sendable (Result<RecordReply, StoreProblem>) -> Void {
    { result in
        switch result.map(message) {
        case .success(let reply?): responder.reply(reply)
        case .success(nil): responder.fail(Problem(.invalid, "the store gave an answer to another request"))
        case .failure(let problem): responder.fail(Problem(problem))
        }
    }
}

/// Replies with what `message` makes of the answer to a question; nil stands for a run that does not exist.
private func answerRead<Value: Sendable, Message: WireMessage>(
    _ responder: Responder, _ message: @escaping @Sendable (Value) -> Message?
) -> @Sendable (Result<Value, StoreProblem>) -> Void {
    { result in
        switch result.map(message) {
        case .success(let reply?): responder.reply(reply)
        case .success(nil):
            responder.fail(Problem(.notFound, "the recording holds no run", advice: "create the run first"))
        case .failure(let problem): responder.fail(Problem(problem))
        }
    }
}
