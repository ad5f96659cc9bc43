/// Names of the processes of a run: of their sockets, their logs, and in messages.
enum ServiceNames {
    static let coordinator = "coordinator"
    static let recorder = "recorder"
    static let llmGateway = "llm-gateway"
    static let embeddingGateway = "embedding-gateway"
    static let emulator = "llm-emulator"
}
