import JSON
import Testing

private func parse(_ text: String, _ limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), limits: limits)
}

@Suite struct JSONParsingTests {
    @Test func everyTypeIsReadAndObjectsKeepTheirOrder() throws {
        let value = try parse(#"{"z":null,"a":[true,false,-7,18446744073709551615,1.5,"x"],"m":{}}"#)
        let expected: JSONValue = .object(
            JSONObject([
                .init(key: "z", value: nil),
                .init(key: "a", value: [true, false, -7, .uint(.max), 1.5, "x"]),
                .init(key: "m", value: [:]),
            ]))
        #expect(value == expected)
        #expect(value.objectValue?.keys == ["z", "a", "m"])
        #expect(value["a"]?[2]?.intValue == -7)
        #expect(value["a"]?[6] == nil)
        #expect(value["a"]?["x"] == nil)
        #expect(value["nothing"] == nil)
    }

    @Test func aScalarIsAWholeText() throws {
        #expect(try parse(" 42 ") == 42)
        #expect(try parse("\"\"") == "")
        #expect(try parse("null").isNull)
    }

    @Test func theLastOfTwoMembersOfOneNameCounts() throws {
        #expect(try parse(#"{"a":1,"a":2}"#)["a"] == 2)
    }

    @Test func unicodeEscapesAreDecoded() throws {
        #expect(try parse(#""\u00e9\u4e2d\ud83d\ude00\n\/""#) == "é中😀\n/")
    }

    @Test(arguments: [
        "", " ", "{", "[1,", "{\"a\"}", "{\"a\":1,}", "[1 2]", "nul", "tru", "1 2", "{}x", "\"abc", "\"\\x\"",
        "\"\\u12\"",
        "\"\u{1}\"", "01", "1.", "-", "+1", "1e", "1e400", "99999999999999999999999", "[1]]", "{'a':1}", "NaN",
        "\u{FEFF}x",
    ])
    func malformedTextIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func errorsNameTheirCause() {
        #expect(throws: JSONError.empty) { try parse("") }
        #expect(throws: JSONError.badNumber) { try parse("[99999999999999999999999]") }
        #expect(throws: JSONError.badString) { try parse("[\"abc") }
        #expect(throws: JSONError.notUTF8) { try JSONValue(parsing: [0x22, 0xFF, 0xFE, 0x22]) }
        #expect(throws: JSONError.tooLarge(bytes: 4, limit: 3)) { try parse("1234", JSONLimits(maximumBytes: 3)) }
    }

    @Test func everyPrefixOfATextIsRefused() {
        let text = Array(#"{"a":[1,2.5,"é\u00e9"],"b":{"c":null}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<count])) }
        }
    }

    @Test func nestingIsAllowedToTheLimitAndNoFurther() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        let limits = JSONLimits(maximumDepth: 10)
        #expect(throws: Never.self) { try parse(nested(10), limits) }
        #expect(throws: JSONError.tooDeep(limit: 10)) { try parse(nested(11), limits) }
        #expect(throws: Never.self) { try parse(nested(JSONLimits.deepest), JSONLimits(maximumDepth: .max)) }
        #expect(throws: JSONError.tooDeep(limit: JSONLimits.deepest)) {
            try parse(nested(100_000), JSONLimits(maximumDepth: .max))
        }
    }

    @Test func loneSurrogatesNeverBecomeInvalidStrings() {
        for escape in [#""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\udfffx""#] {
            guard let value = try? parse(escape), let string = value.stringValue else { continue }
            #expect(String(validating: string.utf8, as: UTF8.self) == string)
        }
    }
}
