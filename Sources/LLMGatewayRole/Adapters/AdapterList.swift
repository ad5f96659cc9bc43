import JSON

/// The adapters that llama.cpp was started with, as `/lora-adapters` lists them.
enum AdapterList {
    /// Where they are listed.
    static let path = "/lora-adapters"
    /// Most adapters that are read.
    static let most = 1_024

    /// Their numbers by name. A name is that of the file without `.gguf`; of two files of a name the first counts.
    static func read(_ body: [UInt8]) -> [String: Int] {
        guard let list = (try? JSONValue(parsing: body))?.arrayValue else { return [:] }
        var numbers: [String: Int] = [:]
        for entry in list.prefix(most) {
            guard let file = entry["path"]?.stringValue?.split(separator: "/").last,
                let number = entry["id"]?.intValue.flatMap({ Int(exactly: $0) }), number >= 0
            else { continue }
            let name = file.hasSuffix(".gguf") ? String(file.dropLast(5)) : String(file)
            if !name.isEmpty, numbers[name] == nil { numbers[name] = number }
        }
        return numbers
    }
}
