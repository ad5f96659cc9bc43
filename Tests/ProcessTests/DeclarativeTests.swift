import Testing

/// Scenarios in YAML alone, played by all processes.
@Suite(.serialized) struct DeclarativeTests {
    private static let arguments = ["--rounds", "3", "--agents", "120"]

    @Test(arguments: ["public-goods", "opinion-dynamics", "survey"])
    func aPlayIsTheSameOnOneHostAndOnThree(configuration: String) async throws {
        try await SamePlay(configuration, Self.arguments).onOneHostAndOnThree { output in
            #expect(output.contains(" 0 failed"), "\(output)")
        }
    }

    @Test func aKilledHostChangesNothing() async throws {
        try await SamePlay("public-goods", Self.arguments).withAKilledHost()
    }
}
