import Foundation

/// A folder that is gone after the test.
public final class TemporaryFolder: Sendable {
    /// Its path, short enough for sockets.
    public let path: String

    /// Makes an empty folder.
    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "gs-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Makes an empty file in it.
    public func makeFile(_ name: String) throws { try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)")) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
