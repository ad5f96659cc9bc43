import Foundation

/// A folder that is gone after the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "gs-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Makes an empty file in it.
    func makeFile(_ name: String) throws { try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)")) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
