import Foundation
import FuzzTargets
import Testing

@Suite struct FuzzRegressionTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    /// A checked-in input and the target that it is for.
    struct Input: Sendable, CustomTestStringConvertible {
        var target: String
        var file: URL
        var testDescription: String { "\(target)/\(file.lastPathComponent)" }
    }

    private static func contents(of folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    private static func inputs() throws -> [Input] {
        try contents(of: corpus).flatMap { folder in
            try contents(of: folder).map { Input(target: folder.lastPathComponent, file: $0) }
        }
    }

    @Test func everyTargetHasInputsAndEveryFolderATarget() throws {
        let folders = try Self.contents(of: Self.corpus).map(\.lastPathComponent)
        #expect(folders == FuzzTarget.all.map(\.name).sorted())
    }

    @Test(.timeLimit(.minutes(1)), arguments: try inputs()) func everyInputKeepsThePromises(of input: Input) throws {
        let target = try #require(FuzzTarget.named(input.target))
        let bytes = [UInt8](try Data(contentsOf: input.file))
        #expect(throws: Never.self) { try target.check(bytes) }
    }
}
