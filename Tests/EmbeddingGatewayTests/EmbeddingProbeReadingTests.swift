import Curl
import Testing

@testable import EmbeddingGatewayRole

@Suite struct EmbeddingProbeReadingTests {
    private func identity(_ bodies: [String: String], model: String? = nil) throws(EmbeddingFailure)
        -> EmbeddingIdentity
    {
        var replies: [String: Result<HTTPResponse, HTTPFailure>] = [:]
        for path in EmbeddingProbeReading.paths {
            replies[path] = .success(
                HTTPResponse(status: bodies[path] == nil ? 404 : 200, body: Array((bodies[path] ?? "").utf8)))
        }
        return try EmbeddingProbeReading(wantedModel: model).identity(replies)
    }

    @Test func eachInterfaceIsKnownByItsEndpoints() throws {
        #expect(
            try identity(["/v1/models": #"{"data":[{"id":"e"}]}"#])
                == EmbeddingIdentity(engine: .openai, model: "e", maxBatch: 2_048))
        #expect(
            try identity(["/info": #"{"model_id":"e","max_client_batch_size":16}"#, "/v1/models": #"{"data":[]}"#])
                == EmbeddingIdentity(engine: .tei, model: "e", maxBatch: 16))
        #expect(
            try identity(["/embedding-dimension": #"{"embedding_dimension":8}"#])
                == EmbeddingIdentity(engine: .gensim, model: "", maxBatch: 1))
        #expect(try identity(["/embedding-dimension": "768"]).engine == .gensim)
    }

    @Test func aServerThatListsNothingNeedsAModelsName() {
        #expect { try identity([:]) } throws: { error in
            error as? EmbeddingFailure
                == .misconfigured("it does not list its models", advice: "name one with --embedding-model")
        }
        #expect(throws: Never.self) { try identity([:], model: "named") }
    }

    @Test func anotherModelThanTheNamedOneIsRefused() {
        for bodies in [["/info": #"{"model_id":"e"}"#], ["/v1/models": #"{"data":[{"id":"e"}]}"#]] {
            #expect(throws: EmbeddingFailure.self) { try identity(bodies, model: "f") }
        }
    }
}
