import ScenarioProgram

@main struct Main {
    static func main() { ScenarioProgram.main([TownScenario.self]) }
}
