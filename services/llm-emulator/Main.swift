import EmulatorRole

@main
struct Main {
    static func main() async { await LLMEmulatorCommand.main() }
}
