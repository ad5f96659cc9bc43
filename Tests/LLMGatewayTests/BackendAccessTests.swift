import Support
import Testing

@testable import LLMGatewayRole

@Suite struct BackendAccessTests {
    @Test(arguments: ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/", "http://h:1//"])
    func anAddressIsTakenWithAndWithoutItsVersion(url: String) throws {
        #expect(try BackendAccess(urls: [url], model: nil, key: nil).urls == ["http://h:1"])
    }

    @Test(arguments: ["h:1", "ftp://h", "http://", "https:///x", "http://user:secret@h", "http://h h", ""])
    func anythingElseIsRefusedWithoutRepeatingAPassword(url: String) {
        #expect {
            try BackendAccess(urls: [url], model: nil, key: nil)
        } throws: { error in
            !"\(error)".contains("secret")
        }
    }

    @Test func theSameServerTwiceIsRefused() {
        #expect(throws: UserError.self) {
            try BackendAccess(urls: ["http://h", "http://h/v1"], model: nil, key: nil)
        }
    }

    @Test func aKeyWithALineBreakIsRefusedWithoutRepeatingIt() {
        #expect {
            try BackendAccess(urls: ["http://h"], model: nil, key: "abc\nX-Other: 1")
        } throws: { error in
            error is UserError && !"\(error)".contains("abc")
        }
    }
}
