import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct VectorCacheTests {
    @Test func aSecondRunOfTheSamePopulationAsksForNoVectors() async throws {
        let coordinator = try Coordinator()
        let cache = ["--vector-cache", coordinator.path("vectors")]
        for run in ["first", "second"] {
            let ending = try await coordinator.play(run, cache)
            #expect(ending.status == .exited(0), "\(ending.errors)")
        }
        #expect(try await coordinator.digests("first") == coordinator.digests("second"))
        #expect(try !Self.log(of: "first", coordinator).contains("sent 0 in 0 batches"))
        #expect(try Self.log(of: "second", coordinator).contains("sent 0 in 0 batches"))
    }

    @Test func aRunInSinglePrecisionVerifiesAndReplays() async throws {
        let coordinator = try Coordinator()
        let configurations = coordinator.path("Configs")
        let original = URL(fileURLWithPath: coordinator.configuration("job-market")).deletingLastPathComponent().path
        try FileManager.default.copyItem(atPath: original, toPath: configurations)
        let path = "\(configurations)/job-market.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacingOccurrences(of: "vectors: float16", with: "vectors: float32")
        #expect(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        let ending = try await coordinator.call(Coordinator.arguments(path, coordinator.path("run")))
        #expect(ending.status == .exited(0), "\(ending.errors)")
        for check in ["verify", "replay"] {
            let checked = try await coordinator.call([check, coordinator.path("run")])
            #expect(checked.status == .exited(0), "\(check): \(checked.errors)")
        }
    }

    private static func log(of run: String, _ coordinator: Coordinator) throws -> String {
        try String(contentsOfFile: "\(coordinator.path(run))/logs/embedding-gateway.log", encoding: .utf8)
    }
}
