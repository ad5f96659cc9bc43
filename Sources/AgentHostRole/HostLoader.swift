import Hashing
import Model
import RunConfiguration
import ServiceRuntime
import SimulationKit
import Support
import Vectors
import Wire

/// What a host needs of a run's definition.
struct LoadedRun: Sendable {
    var definition: RunDefinition
    var configuration: RunSettings
    var assets: SimulationAssets
}

/// Fetches a run's definition and files from the recorder, by content, and builds what turns need.
struct HostLoader: Sendable {
    var recorder: WireClient
    var registry: ScenarioRegistry
    /// Waits before a recorder that cannot answer now is asked again.
    var pause: @Sendable () async throws -> Void

    func load(_ definitionHash: Digest256) async throws -> LoadedRun {
        let definition = try RunDefinition(packed: try await fetch(definitionHash))
        var files: [String: [UInt8]] = [:]
        for file in definition.files { files[file.path] = try await fetch(file.hash) }
        let package = try RunPackage.load(
            yaml: definition.configuration, name: "the run's configuration", registry: registry
        ) { path in
            guard let bytes = files[path] else {
                throw UserError(
                    "the run holds no file \(path)", at: definition.run,
                    advice: "the recording is incomplete: check it with coordinator verify", exitCode: .dataError)
            }
            return bytes
        }
        let assets = try package.assets(definition: definition) { files[$0] }
        return LoadedRun(definition: definition, configuration: package.configuration, assets: assets)
    }

    private func fetch(_ hash: Digest256) async throws -> [UInt8] {
        let bytes = try await patiently(hash)
        guard blobHash(bytes) == hash else {
            throw UserError(
                "a file of the run arrived damaged", at: hash.description,
                advice: "check the recording with coordinator verify", exitCode: .dataError)
        }
        return bytes
    }

    private func patiently(_ hash: Digest256) async throws -> [UInt8] {
        while true {
            do {
                return try await recorder.request(FetchBlob(hash: hash), expecting: Blob.self).bytes
            } catch let problem as Problem where problem.code == .overloaded || problem.code == .unavailable {
                try await pause()
            }
        }
    }
}
