import Foundation
import TestKit
import Testing

/// Plays two rounds of a small film site with real model servers, once for the suite that wears it: two users are
/// friends, and two have none, so that somebody has films recommended whatever a small model likes to do.
struct PlayedFilmSite: SuiteTrait, TestScoping {
    /// The recording of the rounds.
    @TaskLocal static var recording: Recording?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let configs = "\(RealRun.repository)/Configs"
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/recommendation", withDestinationPath: "\(configs)/recommendation")
        let friends = "source,target\nuser-0001,user-0002\n"
        try friends.write(toFile: "\(folder.path)/friends.csv", atomically: true, encoding: .utf8)
        let yaml = try String(contentsOfFile: "\(configs)/recommendation.yaml", encoding: .utf8)
            .replacing("{ model: watts-strogatz, neighbours: 4, rewiring: 0.1 }", with: "{ file: friends.csv }")
            .replacing("max_reply_tokens: 120", with: "max_reply_tokens: 32")
            .replacing("dialogue_lines: 4", with: "dialogue_lines: 2")
        try yaml.write(toFile: "\(folder.path)/site.yaml", atomically: true, encoding: .utf8)
        try await RealRun.play("\(folder.path)/site.yaml", ["--agents", "4", "--rounds", "2"], in: folder.path)
        try await Self.$recording.withValue(try Recording(folder: "\(folder.path)/run")) { try await function() }
    }
}
