import Support
import TestKit
import Testing

@testable import LLMGatewayRole

@Suite struct ServerFileTests {
    private func read(_ text: String) throws -> [String] { try ServerFile.addresses(in: text, of: "servers") }

    @Test func aPlainListAndOneInYAMLSayTheSame() throws {
        let wanted = ["http://a:1", "https://b"]
        #expect(try read("http://a:1\nhttps://b/v1/\n") == wanted)
        #expect(
            try read(
                """
                ---
                # our machines
                servers:
                  - http://a:1   # the old one
                  - "https://b"
                #  - http://c:1

                """) == wanted)
        #expect(try read("\thttp://a:1 \r\n'https://b'\r\n") == wanted)
    }

    @Test(arguments: [
        ("", "lists no server"), ("# nothing\n", "lists no server"), ("http://a:1\nhttp://a:1/\n", "line 2"),
        ("http://a:1\ngpu7\n", "line 2"), ("servers: [http://a:1]", "line 1"), ("http://a:1 http://b:1", "line 1"),
        ("http://user:secret@a:1", "line 1"), ("http://a:1/?key=secret", "line 1"),
    ])
    func whatIsNoListIsToldWithItsLineAndWithoutSecrets(text: String, told: String) {
        do {
            _ = try read(text)
            Issue.record("\(text) was taken")
        } catch let error as UserError {
            #expect("\(error)".contains(told))
            #expect(!"\(error)".contains("secret"))
        } catch {
            Issue.record(error)
        }
    }

    @Test func aFileIsReadAgainWhenItChangedAndIsTheSameAtTwoLooks() {
        let first = FileStamp(changed: 1, size: 10, node: 1)
        let half = FileStamp(changed: 2, size: 5, node: 2)
        let whole = FileStamp(changed: 3, size: 20, node: 2)
        var watch = FileWatch(taken: first)
        #expect([first, half, whole, whole, whole].map { watch.look($0) } == [false, false, false, true, false])
        #expect([nil, nil, nil].map { watch.look($0) } == [false, true, false])
    }

    @Test func aFileThatIsNotThereIsAnErrorAtTheStart() throws {
        let folder = try TemporaryFolder()
        #expect(throws: UserError.self) { try ServerSources(file: "\(folder.path)/none", resolve: 5) }
    }
}
