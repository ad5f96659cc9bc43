import EmbeddingGatewayRole

@main enum Main {
    static func main() { EmbeddingGatewayCommand.main() }
}
