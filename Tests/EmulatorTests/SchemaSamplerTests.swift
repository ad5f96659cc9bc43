import Hashing
import JSON
import Testing

@testable import EmulatorRole

private func sample(_ schema: JSONValue, _ policy: ChoicePolicy = .seeded, seed: UInt64 = 1) throws -> JSONValue {
    var sampler = SchemaSampler(policy: policy, generator: SeededGenerator(seed: seed))
    return try sampler.sample(schema)
}

@Suite struct SchemaSamplerTests {
    @Test func anEnumAtTheRootGivesItsJSONValue() throws {
        #expect(try sample(["enum": ["a", "b"]], .max) == "b")
        #expect(try sample(["enum": [1, nil]], .first) == 1)
        #expect(try sample(["const": "only"]) == "only")
    }

    @Test func numbersKeepToTheirBounds() throws {
        let integer: JSONValue = ["type": "integer", "minimum": -3, "exclusiveMaximum": 4]
        #expect(try sample(integer, .first) == -3)
        #expect(try sample(integer, .max) == 3)
        let drawn = try Set((0..<200).map { try sample(integer, seed: $0).intValue })
        #expect(drawn == Set(-3...3))
        for seed in 0..<50 as Range<UInt64> {
            let number = try #require(
                try sample(["type": "number", "minimum": 2, "maximum": 3], seed: seed).doubleValue)
            #expect(number > 2 && number < 3)
        }
        #expect(throws: Refusal.self) { try sample(["type": "integer", "minimum": 2, "maximum": 1]) }
        let widest: JSONValue = ["type": "integer", "minimum": .int(.min), "maximum": .int(.max)]
        #expect(throws: Never.self) { try sample(widest) }
    }

    @Test func objectsHoldTheirPropertiesInOrder() throws {
        let schema: JSONValue = [
            "type": "object", "required": ["b"],
            "properties": [
                "b": ["type": "boolean"], "a": ["type": ["string", "null"]],
                "list": ["type": "array", "items": ["enum": ["x", "y"]], "minItems": 2, "maxItems": 4],
            ],
        ]
        let largest = try sample(schema, .max)
        #expect(largest.objectValue?.keys == ["b", "a", "list"])
        #expect(largest["b"] == true)
        #expect(largest["a"] == nil || largest["a"]?.isNull == true)
        #expect(largest["list"] == ["y", "y", "y", "y"])
        #expect(try sample(schema, .first)["list"] == ["x", "x"])
        let counts = try Set((0..<60).map { try sample(schema, seed: $0)["list"]?.arrayValue?.count })
        #expect(counts == [2, 3, 4])
    }

    @Test func stringsKeepToTheirLength() throws {
        let short = try sample(["type": "string", "maxLength": 5])
        #expect(short.stringValue?.count == 5)
        let long = try sample(["type": "string", "minLength": 300])
        #expect(try #require(long.stringValue).count >= 300)
        #expect(try sample(["type": "string", "pattern": "^(a|b)$"], .max) == "b")
    }

    @Test(arguments: [
        #"{"$ref":"x"}"#, #"{"enum":[]}"#, #"{"anyOf":[]}"#, #"{"type":"thing"}"#, #"{"type":[]}"#, "true",
        #"{"type":"array","minItems":100000000}"#, #"{"type":"array","minItems":3,"maxItems":2}"#,
        #"{"type":"string","minLength":100000000}"#, #"{"type":"string","minLength":3,"maxLength":-1}"#,
        #"{"type":"string","pattern":"[a-z]"}"#,
        """
        {"type":"array","minItems":200,"items":{"type":"array","minItems":200,"items":{"type":"array","minItems":200}}}
        """,
    ])
    func schemasThatItCannotObeyAreRefused(_ text: String) throws {
        let schema = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: Refusal.self) { try sample(schema) }
    }
}
