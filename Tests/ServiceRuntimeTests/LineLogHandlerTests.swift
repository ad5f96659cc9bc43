import Logging
import Support
import Testing

@testable import ServiceRuntime

@Suite struct LineLogHandlerTests {
    private func line(_ log: (Logger) -> Void) -> String {
        let lines = Guarded<[String]>([])
        let logger = Logger(label: "recorder") { _ in
            LineLogHandler(role: "recorder", level: .info) { text in lines.withLock { $0.append(text) } }
        }
        log(logger)
        return lines.withLock { $0.joined() }
    }

    @Test func aMessageIsOneLineWithRoleLevelAndSortedMetadata() throws {
        let text = line { $0.warning("disk is slow", metadata: ["ms": "40", "file": "a.sqlite"]) }
        let rest = try #require(text.firstIndex(of: " ").map { text[$0...] })
        #expect(rest == " warning recorder: disk is slow file=a.sqlite ms=40\n")
        #expect(text.prefix { $0 != " " }.count == "2026-01-31T12:34:56.789Z".count)
    }

    @Test func whatAPeerPutIntoATextStaysOnOneBoundedLine() {
        let text = line { $0.error("\("a\nb\u{1b}[31m" + String(repeating: "ä", count: 5000))") }
        #expect(text.utf8.count <= LineLogHandler.longestLine + 4)
        #expect(text.filter { $0 == "\n" }.count == 1)
        #expect(!text.contains("\u{1b}"))
    }

    @Test func messagesBelowTheLevelAreDropped() {
        #expect(line { $0.debug("detail") } == "")
    }
}
