/// Names of the processes of a run: of their sockets, their logs, and in messages.
enum ServiceNames {
    static let coordinator = "coordinator"
    static let recorder = "recorder"
    static let llmGateway = "llm-gateway"
    static let embeddingGateway = "embedding-gateway"
    static let emulator = "llm-emulator"
    /// Of each host; its own name has a number behind it.
    static let agentHost = "agent-host"
    /// Services that `coordinator run` starts itself.
    static let started = [recorder, llmGateway, embeddingGateway, agentHost]
}
