import EmulatorRole

@main
struct Main {
    static func main() { LLMEmulatorCommand.main() }
}
