import Foundation
import Support
import Testing

@testable import EmulatorRole

@Suite(.timeLimit(.minutes(1))) struct ProcessEndsTests {
    @Test func theLifelineEndsWithItsPipeAndNotBefore() async throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        let ended = Guarded(false)
        let watch = Task {
            await LifelineWatch.untilEnd(of: descriptor)
            ended.withLock { $0 = true }
        }
        try pipe.fileHandleForWriting.write(contentsOf: Data("still here".utf8))
        // The bytes are taken out of the pipe one by one, and the watch goes on.
        var left: Int32 = 1
        while left > 0 {
            #expect(ioctl(descriptor, UInt(FIONREAD), &left) == 0)
            await Task.yield()
        }
        #expect(ended.withLock { $0 } == false)
        try pipe.fileHandleForWriting.close()
        await watch.value
        #expect(ended.withLock { $0 })
    }

    @Test func aLifelineThatIsNoDescriptorIsAtItsEnd() async {
        await LifelineWatch.untilEnd(of: 60_000)
    }

    @Test func thePortFileIsWrittenWholeAndReplaced() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("port").path
        for line in ["127.0.0.1:1", "127.0.0.1:22"] {
            try EmulatorFiles.write(line, to: file)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "\(line)\n")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["port"])
        #expect(throws: UserError.self) { try EmulatorFiles.write("x", to: folder.path + "/none/port") }
    }
}
