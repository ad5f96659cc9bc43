import Support
import TestKit
import Testing

@testable import RecorderRole

/// One recorder at a time.
@Suite struct StoreLockTests {
    private let folder: TemporaryFolder
    private var store: String { "\(folder.path)/recording.sqlite" }

    init() throws { folder = try TemporaryFolder() }

    @Test func whoComesNextWaitsForTheRecorderBefore() async throws {
        let first = try await StoreLock(ofStore: store) { Issue.record("nobody was there") }
        var pauses = 0
        let second = try await StoreLock(ofStore: store) {
            pauses += 1
            if pauses == 3 { first.release() }
        }
        #expect(pauses == 3)
        withExtendedLifetime(second) {}
    }

    @Test func oneThatStaysIsNamedInTheEnd() async throws {
        let first = try await StoreLock(ofStore: store) {}
        var pauses = 0
        await #expect(throws: UserError.self) { _ = try await StoreLock(ofStore: store) { pauses += 1 } }
        #expect(pauses == StoreLock.mostTries - 1)
        withExtendedLifetime(first) {}
    }
}
