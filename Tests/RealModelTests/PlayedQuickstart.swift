import TestKit
import Testing

/// Plays the quick start's round with real model servers, once for the suite that wears it.
struct PlayedQuickstart: SuiteTrait, TestScoping {
    /// The recording of the round.
    @TaskLocal static var recording: Recording?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        try await RealRun.play("\(RealRun.repository)/Configs/quickstart.yaml", in: folder.path)
        try await Self.$recording.withValue(try Recording(folder: "\(folder.path)/run")) { try await function() }
    }
}
