import Support

/// A request on its way to a server and back.
struct FleetFlight: Sendable {
    let call: UInt64
    let server: ServerID
    let model: String
    let answers: AnswerClass
    let sentAt: Instant
    /// Whether it is a hedge, or has one: neither gets another.
    var isHedged: Bool
}
