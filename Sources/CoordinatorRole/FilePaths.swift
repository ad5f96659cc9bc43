import Foundation

/// Small questions about files.
enum FilePaths {
    /// The path from the root.
    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path(percentEncoded: false).trimmedSlash
    }

    /// Whether a folder is there.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The path itself, or the nearest folder above it that is there.
    static func nearestExisting(_ path: String) -> String {
        var candidate = absolute(path)
        while candidate != "/" && !FileManager.default.fileExists(atPath: candidate) {
            candidate =
                URL(fileURLWithPath: candidate).deletingLastPathComponent().path(percentEncoded: false).trimmedSlash
        }
        return candidate
    }
}

extension String {
    /// Without a slash at the end, except for the root.
    fileprivate var trimmedSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
