import Wire

/// Every wire message's decoder: the first two bytes are the kind's number, the higher one first, and the rest is the
/// body.
enum WireReading {
    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard input.count >= 2, let kind = WireKind(rawValue: UInt16(input[0]) << 8 | UInt16(input[1])) else { return }
        try roundTrip(kind.messageType, Array(input.dropFirst(2)))
    }

    private static func roundTrip<Message: WireMessage>(
        _ type: Message.Type, _ body: [UInt8]
    ) throws(BrokenPromise) {
        guard let message = try? Message(body: body) else { return }
        let packed = message.packed()
        try BrokenPromise.unless(
            (try? Message(body: packed))?.packed() == packed, "a packed \(Message.kind) reads back as another")
    }
}
