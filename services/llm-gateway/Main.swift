import LLMGatewayRole

@main enum Main {
    static func main() { LLMGatewayCommand.main() }
}
