import JSON

extension EmulatorCore {
    /// The reply with this body, or what the fault makes of it.
    func struck(by fault: FaultKind?, _ body: () -> [UInt8]) -> EmulatorReply {
        var reply = EmulatorReply(status: 200, body: [], isServed: true, isAnswer: fault == nil)
        if let fault { statistics.faulted(fault) }
        switch fault {
        case nil, .null, .wrongChoice, .unconstrained: reply.body = body()
        case .half:
            reply.body = body()
            reply.delivery = .half
        case .reset: reply.delivery = .reset
        case .hang: reply.delivery = .never
        case .garbage: reply.body = Array("<html><body>upstream said nothing\u{0}</body>".utf8)
        case .internalError:
            let refusal = Refusal(status: 500, message: "the engine failed, as it was told to", kind: .internalError)
            reply.status = 500
            reply.body = refusal.body(options.engine)
        case .tooManyRequests:
            let refusal = Refusal(status: 429, message: "too many requests, as it was told", kind: .overloaded)
            reply = .refusal(refusal, engine: options.engine)
            reply.retryAfter = options.retryAfter
        }
        return reply
    }
}
