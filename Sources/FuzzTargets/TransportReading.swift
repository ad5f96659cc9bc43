import MessagePack
import Transport

/// What the transport reads of a peer before anyone else does: the first byte chooses frames or one of the
/// transport's own bodies.
enum TransportReading {
    private static let maxFrameBytes = 1 << 20
    private static let readers: [@Sendable ([UInt8]) throws -> Void] = [
        frame, hello, welcome, refusal,
    ]

    static func check(_ input: [UInt8]) throws {
        guard let (read, bytes) = choice(of: readers, by: input) else { return }
        try read(bytes)
    }

    private static func frame(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let messages = try? Frame.read(bytes, maxBytes: maxFrameBytes) else { return }
        var packer = Packer()
        Frame.begin(messages: messages.count, into: &packer)
        for message in messages { Frame.append(message, to: &packer) }
        let again = try? Frame.read(packer.bytes(), maxBytes: maxFrameBytes)
        try BrokenPromise.unless(again == messages, "a written frame reads back as another")
    }

    private static func hello(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let hello = try? Hello(body: bytes) else { return }
        try BrokenPromise.unless((try? Hello(body: hello.envelope().body)) == hello, "a hello reads back as another")
    }

    private static func welcome(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let welcome = try? Welcome(body: bytes) else { return }
        let again = try? Welcome(body: welcome.envelope().body)
        try BrokenPromise.unless(again == welcome, "a welcome reads back as another")
    }

    private static func refusal(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let refusal = try? Refusal(body: bytes) else { return }
        let again = try? Refusal(body: refusal.envelope(correlation: 0).body)
        try BrokenPromise.unless(again == refusal, "a refusal reads back as another")
    }
}
