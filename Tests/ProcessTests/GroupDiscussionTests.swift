import Testing

/// Chat rooms, played by all processes.
@Suite(.serialized) struct GroupDiscussionTests {
    private static let arguments = ["--rounds", "2"]

    @Test(arguments: [("group-discussion-rooms", 16), ("group-discussion-town", 20)])
    func discussionsAreTheSameOnOneHostAndOnThree(configuration: String, discussions: Int) async throws {
        try await SamePlay(configuration, Self.arguments).onOneHostAndOnThree { output in
            #expect(output.contains("discussions       \(discussions)\n"), "\(output)")
        }
    }

    @Test func aKilledHostChangesNothing() async throws {
        try await SamePlay("group-discussion-rooms", Self.arguments).withAKilledHost()
    }
}
