import Foundation
import Support
import TestKit
import Testing

@Suite struct ClusterSimulationTests {
    @Test func anUndisturbedRunFinishesAndIsDeterministic() throws {
        let base = "/dev/shm/gensim-simulation-\(getpid())"
        try? FileManager.default.removeItem(atPath: base)
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        let blueprint = try Blueprint(agents: 4, rounds: 3, partitions: 2, at: base + "/blueprint.sqlite")
        for seed in UInt64(0)..<4 {
            let folder = base + "/\(seed)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let begin = SystemClock().now()
            let result = try Simulation(seed: seed / 2, blueprint: blueprint, folder: folder).play()
            print(seed, result, SystemClock().now().since(begin).seconds)
        }
        try? FileManager.default.removeItem(atPath: base)
    }
}
