import RecorderRole

@main
struct Main {
    static func main() { RecorderCommand.main() }
}
