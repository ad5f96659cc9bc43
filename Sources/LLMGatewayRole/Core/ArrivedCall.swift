import GatewayLogic
import Hashing
import Model
import Wire

/// A request for an answer with what is computed from it once, off the gateway's own thread.
struct ArrivedCall: Sendable {
    /// Bytes that a waiting call takes beside its texts.
    static let overhead = 256

    /// The request.
    let request: Complete
    /// The key of its answer.
    let key: CallKey
    /// Its prompt's prefixes.
    let chain: PrefixChain
    /// What it weighs in the queue.
    let bytes: Int

    init(_ request: Complete) {
        self.request = request
        key = CallKey(run: request.run, call: request.call, request: request.spec.requestHash)
        var chain = PrefixChain()
        var bytes = Self.overhead
        for message in request.spec.messages {
            chain.append(message.role.name)
            for segment in message.segments {
                chain.append(segment)
                bytes += segment.utf8.count
            }
        }
        self.chain = chain
        self.bytes = bytes
    }

    /// Tokens of the prompt, estimated: four bytes each, as in English.
    var tokens: Int { (bytes - Self.overhead) / 4 + 1 }
}
