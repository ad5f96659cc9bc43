import Foundation

/// The configurations that come with GenSim.
public enum ShippedConfigurations {
    /// Their folder.
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Configs")
        .standardizedFileURL

    /// The text of a file in it.
    public static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    /// The bytes of a file in it.
    public static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }
}
