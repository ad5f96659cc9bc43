import Curl
import Support
import TestKit
import Testing

private let names = ServerAccess.Names(urlOption: "--x", keyOption: "--x-key-file", keyVariable: "X_KEY")

@Suite struct ServerAccessTests {
    @Test(arguments: ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "http://h:1//"])
    func anAddressIsTakenWithAndWithoutItsVersion(url: String) throws {
        #expect(try ServerAccess(urls: [url], key: nil, names: names).urls == ["http://h:1"])
    }

    @Test(arguments: [
        "h:1", "ftp://h", "http://", "https:///x", "http://user:secret@h", "http://h h", "",
        "http://h/v1?key=secret", "http://h/#secret",
    ])
    func anythingElseIsRefusedWithoutRepeatingAPassword(url: String) {
        #expect {
            try ServerAccess(urls: [url], key: nil, names: names)
        } throws: { error in
            !"\(error)".contains("secret")
        }
    }

    @Test func theSameServerTwiceIsRefused() {
        #expect(throws: UserError.self) {
            try ServerAccess(urls: ["http://h", "http://h/v1"], key: nil, names: names)
        }
    }

    @Test func aKeyWithALineBreakIsRefusedWithoutRepeatingIt() {
        #expect {
            try ServerAccess(urls: ["http://h"], key: "abc\nX-Other: 1", names: names)
        } throws: { error in
            error is UserError && !"\(error)".contains("abc")
        }
    }
}
