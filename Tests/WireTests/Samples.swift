import Hashing
import Model
import Wire

/// One message of every kind, filled so that no field could be left out or swapped unnoticed.
enum Samples {
    static let turn = TurnID.root(round: 3, kind: .act, agent: "seeker-001")
    static let call = CallID(turn: turn, number: 7)
    static let hash = HashBuilder.hash256(.content) { $0.append("sample") }
    static let spec = CompletionSpec(
        kind: .choice, model: "model-a",
        messages: [
            PromptMessage(role: .system, segments: ["You are Ada.", " You look for work."]),
            PromptMessage(role: .user, segments: ["Apply? \u{1F642}"]),
        ],
        constraint: .choice(["no", "yes"]), sampling: Sampling(temperature: 700, topP: 950, maxTokens: 5))
    static let outcome = CompletionOutcome(
        answer: "yes", rejection: "",
        rejected: [RejectedAttempt(attempt: 0, reason: "not one of the options", answer: "maybe")],
        promptTokens: 120, completionTokens: 3, model: "model-a")
    static let drawnSpec = CompletionSpec(
        kind: .choice, model: "", messages: [PromptMessage(role: .user, segments: ["Apply?"])],
        constraint: .choice(["no", "yes"]), sampling: Sampling(temperature: 1000, topP: 1000, maxTokens: 5),
        reading: .distribution)
    static let drawnOutcome = CompletionOutcome(
        answer: "yes", rejection: "", rejected: [], promptTokens: 120, completionTokens: 1, model: "model-a",
        distribution: ChoiceDistribution(probabilities: [250_000, 750_000], coverage: 912_345))
    static let record = OutcomeRecord(
        call: call, root: turn, partition: 5, round: 3, agent: AgentID(number: 9), request: spec.requestHash,
        content: .completion(spec, outcome))
    static let countSpec = CompletionSpec(
        counting: [PromptMessage(role: .user, segments: ["How many?"])], model: "model-a")
    static let counted = OutcomeRecord(
        call: CallID(turn: turn, number: 6), root: turn, partition: 5, round: 3, agent: AgentID(number: 9),
        request: countSpec.requestHash,
        content: .completion(
            countSpec,
            CompletionOutcome(
                answer: "58", rejection: "", rejected: [], promptTokens: 0, completionTokens: 0, model: "model-a")))
    static let vectors = OutcomeRecord(
        call: CallID(turn: turn, number: 8), root: turn, partition: 5, round: 3, agent: AgentID(number: 9),
        request: OutcomeRecord.requestHash(embedding: ["a"], model: "e"),
        content: .embedding(model: "e", texts: ["a"], vectors: [[0, 60, 0, 0]]))
    static let operations: [Operation] = [
        .set(field: "mood", value: .map(["b": .int(-2), "a": .list([.null, .bool(true), .double(0.5)])])),
        .add(field: "vacancies", amount: -1), .append(field: "log", value: .text("x")),
        .claim(resource: "vacancies", amount: 1), .remember(text: "I applied.", time: 86_400),
        .message(sender: AgentID(number: 1), subject: "offer", body: .text("yes")),
        .event(name: "applied", details: .map([:])),
        .consolidate(
            Consolidation(
                importances: [1, 10], insights: [.init(text: "Work is scarce.", importance: 6)], accumulator: 45)),
        .claimResult(owner: AgentID(number: 2), resource: "vacancies", granted: false),
    ]
    static let targeted = operations.enumerated().map {
        TargetedOperation(number: UInt32($0.offset), target: AgentID(number: 4), operation: $0.element)
    }
    static let tree = Tree(
        round: 3, kind: .act,
        turns: [
            TurnRecord(
                path: [], agent: AgentID(number: 9), failure: nil,
                outcomes: [OutcomeUse(number: 7, result: outcome.resultHash)], operations: targeted),
            TurnRecord(
                path: [9], agent: AgentID(number: 4),
                failure: TurnFailure(reason: .rejectedAnswers, text: "three answers were rejected"), outcomes: [],
                operations: []),
        ])
    static let name = OutcomeName(call: call, request: spec.requestHash, result: outcome.resultHash)
    static let lease = Lease(partition: 5, epoch: 2, host: 1)
    static let problem = Problem(.overloaded, "the queue is full", advice: "try again")

    static let all: [any WireMessage] = [
        RegisterHost(name: "host-1", incarnation: 77, endpoint: "ipc:///tmp/h", programVersion: "0.1.0"),
        HostAccepted(
            host: 1, run: "market", runEpoch: 4, definition: hash, recorder: "ipc:///r", llmGateway: "ipc:///l",
            embeddingGateway: "", leaseMilliseconds: 6000, scope: "market#4d"),
        LeaseGrant(
            grant: 8, closedRound: 2, leases: [lease], hosts: [HostAddress(host: 1, endpoint: "ipc:///tmp/h")]),
        LeaseReady(host: 1, grant: 8, round: 2), StartRound(round: 3, time: 172_800),
        RoundFinished(host: 1, round: 3, leases: [lease]), StartEnvironment(round: 3),
        EnvironmentFinished(host: 1, round: 3), HostDismissed(host: 1, reason: "silent for too long"),
        HostProgress(
            host: 1, round: 3, planned: 10, committed: 9, failed: 1, calls: 90, waiting: 4, tokens: 12_345),
        Drain(round: 3), Drained(host: 1, round: 3), HostFailed(host: 1, problem: problem), Acknowledged(),
        CreateRun(run: "market", definition: [1, 2, 3]), LoadRun(),
        RunState(
            run: "market", definition: [1, 2, 3], epoch: 4, closedRound: 2, openRound: 3, merged: true, rounds: 10),
        RaiseEpoch(epoch: 5, rounds: 10, owner: 78), GrantPartitions(runEpoch: 5, leases: [lease]),
        OpenRound(runEpoch: 5, round: 3, time: 172_800), MergeRound(runEpoch: 5, round: 3, time: 172_800),
        RoundMerged(roots: 10, failed: 1, contributions: 2, interventions: 3),
        CloseRound(runEpoch: 5, round: 3, time: 172_800),
        RoundClosed(digest: hash, isLast: true), FinishRun(runEpoch: 5, ending: .stopped, reason: "by a person"),
        StoreBlob(name: "a.json", bytes: [9, 8]), FetchBlob(hash: hash), Blob(bytes: [9, 8]),
        RecordAgents(agents: [
            AgentRow(
                agent: AgentID(number: 9), id: "seeker-001", type: "seeker", partition: 5, profile: #"{"name":"Ada"}"#)
        ]),
        Summarize(),
        RunSummary(
            events: [NamedCount(name: "applied", count: 3)], calls: [NamedCount(name: "choice", count: 4)],
            counters: [NamedCount(name: "turns", count: 5)], digests: [hash.description]),
        PlanRound(partition: 5, epoch: 2, round: 3, roots: 4), RecordOutcomes(outcomes: [record, counted, vectors]),
        CommitTree(partition: 5, epoch: 2, root: turn, round: 3, tree: tree.packed(), outcomes: [name]),
        CommitResult(verdict: .rerun), LoadPartition(partition: 5, epoch: 2, round: 3),
        PartitionState(committed: [turn], failed: 1),
        FetchOutcomes(partition: 5, epoch: 2, round: 3, root: turn, cursor: 6),
        RecordedOutcomes(consolidations: [tree.packed()], outcomes: [record, vectors], next: 7),
        StoreSnapshot(
            partition: 5, epoch: 2, round: 3,
            agents: [
                AgentSnapshot(
                    agent: AgentID(number: 9), head: [1, 2], archived: 4,
                    entries: [ArchivedMemory(text: contentHash("x"), time: 86_400, importance: 7, vector: 81)])
            ], startsAnew: true, isLast: true), LoadSnapshot(partition: 5, epoch: 2, after: AgentID(number: 9)),
        SnapshotPage(round: 3, agents: [AgentHead(agent: AgentID(number: 9), round: 4, head: [1, 2])], more: true),
        FetchMemory(partition: 5, epoch: 2, agent: AgentID(number: 9), offset: 3, count: 4),
        AgentMemory(
            entries: [RecalledMemory(text: "I applied.", time: 86_400, importance: 7, vector: [0, 60])], more: true),
        ControlRun(control: .proceed),
        Intervene(request: call.turn.digest, interventions: [.map(["announce": .text("hello")])]),
        Intervened(rounds: [4, 9]),
        RecordInterventions(
            runEpoch: 5, request: call.turn.digest,
            interventions: [
                InterventionRow(round: nil, content: .map(["announce": .text("hello")])),
                InterventionRow(round: 9, content: .text("x")),
            ]), LoadInterventions(partition: 5, epoch: 2, round: 4),
        Interventions(interventions: [.map(["announce": .text("hello")])]),
        RecordTraps(host: "host-1", life: 77, signal: 4, round: 3, roots: [call.turn]), LoadTraps(round: 3),
        Traps(counts: [TrapCount(root: call.turn, times: 3, alone: 2)]),
        FetchMerged(partition: 5, round: 3, offset: 1000),
        MergedOperations(
            operations: operations.map {
                MergedOperation(source: AgentID(number: 9), target: AgentID(number: 4), operation: $0)
            }, vectors: [TextVector(agent: AgentID(number: 4), text: contentHash("a"), vector: [0, 60])], more: true),
        Complete(run: "market", call: call, seeds: [1, .max], spec: drawnSpec), Completed(outcome: drawnOutcome),
        ReleaseOutcomes(run: "market", calls: [call]), CancelCalls(run: "market", calls: [call]), DescribeModels(),
        ModelsDescribed(backends: [
            BackendDescription(
                url: "http://127.0.0.1:8000", engine: "vllm", version: "0.33.0", model: "m", contextTokens: 8192,
                window: 64, yardstick: 80)
        ]),
        ListServers(),
        ServersListed(servers: [
            ListedServer(
                url: "http://10.0.0.3:8000", host: "llm:8000", state: "in use", engine: "vllm 0.33.0",
                models: [ListedModel(name: "m"), ListedModel(name: "taste@3", parent: "m")], window: 64, inFlight: 5,
                counts: [NamedCount(name: "answered", count: 7)])
        ]), ChangeServers(command: .drain, url: "http://10.0.0.3:8000"),
        ManageAdapter(command: .load, name: "taste@3", path: "/adapters/taste-3", servers: ["http://10.0.0.3:8000"]),
        AdapterManaged(results: [
            AdapterResult(url: "http://10.0.0.3:8000"), AdapterResult(url: "http://10.0.0.4:8000", problem: problem),
        ]),
        Embed(texts: ["a", "b"]), Embedded(model: "e", vectors: [[0, 60], [0, 61]]), DescribeEmbedding(),
        EmbeddingDescribed(model: "e", dimension: 384, engine: "openai"),
        Ask(
            epoch: 2, round: 3, root: turn, rootPartition: 5, path: [9, 2], asker: AgentID(number: 9),
            agent: AgentID(number: 4), request: .map(["ask": .text("screen")]), written: targeted,
            recorded: [record, vectors].map { RecordedCall(call: $0.call, outcome: RecordedOutcome($0)) },
            traps: 2, alone: 1, rootEpoch: 7),
        Asked(answer: .bool(true), turns: tree.turns, outcomes: [name]), RequestStatus(),
        RunStatus(
            run: "market", phase: "running", round: 3, rounds: 10, counters: [NamedCount(name: "hosts", count: 1)]),
        RequestFailed(problem),
    ]
}
