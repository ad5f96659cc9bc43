import CoordinatorRole

@main
struct Main {
    static func main() { CoordinatorCommand.main() }
}
