import JSON
import Testing

private func text(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

@Suite struct JSONWritingTests {
    @Test func commasStandBetweenValuesAndNowhereElse() {
        let written = text {
            $0.beginObject()
            $0.key("a")
            $0.value(1)
            $0.key("b")
            $0.beginArray()
            $0.value("x")
            $0.null()
            $0.value(true)
            $0.beginObject()
            $0.endObject()
            $0.raw(Array("[0]".utf8))
            $0.endArray()
            $0.key("c")
            $0.value(-2.5)
            $0.endObject()
        }
        #expect(written == #"{"a":1,"b":["x",null,true,{},[0]],"c":-2.5}"#)
    }

    @Test func stringsAreEscapedAtEveryPlaceOfAWord() throws {
        for special in ["\"", "\\", "\n", "\u{0}", "\u{1f}", "\t", "\r", "\u{8}", "\u{c}"] {
            for place in 0..<20 {
                var string = String(repeating: "a", count: place) + special + String(repeating: "é", count: 9)
                string += special
                let bytes = JSONValue.string(string).serialized()
                #expect(try JSONValue(parsing: bytes) == .string(string))
            }
        }
        #expect(text { $0.value("\u{1f}\u{7f}é") } == "\"\\u001f\u{7f}é\"")
    }

    @Test func longStringsAreEscapedWholeAtEveryLength() throws {
        for length in [511, 512, 513, 1_023, 1_024, 1_025, 5_000] {
            for letter in ["\u{1}", "é", "a\"", "\\"] {
                let string = String(repeating: letter, count: length)
                #expect(try JSONValue(parsing: JSONValue.string(string).serialized()) == .string(string))
            }
        }
    }

    @Test func partsAreJoinedIntoOneString() {
        #expect(text { $0.value(joining: ["a\"", "", "b"]) } == #""a\"b""#)
    }

    @Test func numbersReadBackToThemselves() throws {
        for number in [0, -1, 9, 10, Int64.min, Int64.max] {
            #expect(try JSONValue(parsing: JSONValue.int(number).serialized()) == .int(number))
        }
        for number: Double in [0.1, -1e-300, 1.7976931348623157e308, .leastNonzeroMagnitude, 1e16] {
            let bytes = JSONValue.double(number).serialized()
            #expect(try JSONValue(parsing: bytes).doubleValue == number)
        }
        #expect(text { $0.value(Double.infinity) } == "null")
        #expect(text { $0.value(Double.nan) } == "null")
        #expect(text { $0.value(Float(0.1)) } == "0.1")
        #expect(text { $0.value(UInt64.max) } == "18446744073709551615")
    }

    @Test func sortedKeysGiveOneTextForEqualObjects() throws {
        let one = try JSONValue(parsing: Array(#"{"b":{"y":1,"x":2},"a":[{"d":1,"c":2}]}"#.utf8))
        let other = try JSONValue(parsing: Array(#"{"a":[{"c":2,"d":1}],"b":{"x":2,"y":1}}"#.utf8))
        #expect(one.serialized() != other.serialized())
        #expect(one.serialized(sortedKeys: true) == other.serialized(sortedKeys: true))
    }

    @Test func aWriterCanBeUsedAgain() {
        var writer = JSONWriter(capacity: 64)
        writer.value("first")
        writer.removeAll()
        writer.value(2)
        #expect(writer.bytes == Array("2".utf8))
    }

    @Test func settingAMemberReplacesAppendsOrRemoves() {
        var object = JSONObject([.init(key: "a", value: 1)])
        object["b"] = 2
        object["a"] = 3
        #expect(object.keys == ["a", "b"])
        #expect(object["a"] == 3)
        object["a"] = nil
        #expect(object.keys == ["b"])
    }
}
