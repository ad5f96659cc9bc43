/// Which message a number stands for.
extension WireKind {
    /// The type of the messages of this kind. Complete by force of the compiler: who adds a kind adds its type, and
    /// with it every check that goes over all decoders.
    public var messageType: any WireMessage.Type {
        switch self {
        case .registerHost: RegisterHost.self
        case .hostAccepted: HostAccepted.self
        case .leaseGrant: LeaseGrant.self
        case .leaseReady: LeaseReady.self
        case .startRound: StartRound.self
        case .roundFinished: RoundFinished.self
        case .startEnvironment: StartEnvironment.self
        case .environmentFinished: EnvironmentFinished.self
        case .progress: HostProgress.self
        case .drain: Drain.self
        case .drained: Drained.self
        case .hostFailed: HostFailed.self
        case .acknowledged: Acknowledged.self
        case .hostDismissed: HostDismissed.self
        case .createRun: CreateRun.self
        case .loadRun: LoadRun.self
        case .runState: RunState.self
        case .raiseEpoch: RaiseEpoch.self
        case .grantPartitions: GrantPartitions.self
        case .openRound: OpenRound.self
        case .mergeRound: MergeRound.self
        case .roundMerged: RoundMerged.self
        case .closeRound: CloseRound.self
        case .roundClosed: RoundClosed.self
        case .finishRun: FinishRun.self
        case .storeBlob: StoreBlob.self
        case .fetchBlob: FetchBlob.self
        case .blob: Blob.self
        case .recordAgents: RecordAgents.self
        case .summarize: Summarize.self
        case .runSummary: RunSummary.self
        case .planRound: PlanRound.self
        case .recordOutcomes: RecordOutcomes.self
        case .commitTree: CommitTree.self
        case .commitResult: CommitResult.self
        case .loadPartition: LoadPartition.self
        case .partitionState: PartitionState.self
        case .fetchMerged: FetchMerged.self
        case .mergedOperations: MergedOperations.self
        case .fetchOutcomes: FetchOutcomes.self
        case .recordedOutcomes: RecordedOutcomes.self
        case .storeSnapshot: StoreSnapshot.self
        case .loadSnapshot: LoadSnapshot.self
        case .snapshotPage: SnapshotPage.self
        case .fetchMemory: FetchMemory.self
        case .agentMemory: AgentMemory.self
        case .complete: Complete.self
        case .completed: Completed.self
        case .releaseOutcomes: ReleaseOutcomes.self
        case .cancelCalls: CancelCalls.self
        case .listServers: ListServers.self
        case .serversListed: ServersListed.self
        case .changeServers: ChangeServers.self
        case .manageAdapter: ManageAdapter.self
        case .adapterManaged: AdapterManaged.self
        case .describeModels: DescribeModels.self
        case .modelsDescribed: ModelsDescribed.self
        case .embed: Embed.self
        case .embedded: Embedded.self
        case .describeEmbedding: DescribeEmbedding.self
        case .embeddingDescribed: EmbeddingDescribed.self
        case .ask: Ask.self
        case .asked: Asked.self
        case .requestStatus: RequestStatus.self
        case .status: RunStatus.self
        case .failed: RequestFailed.self
        case .controlRun: ControlRun.self
        }
    }
}
