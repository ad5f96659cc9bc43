import Hashing
import ServiceRuntime
import Support
import Transport
import Wire

/// The embedding-gateway, reduced to what hosts see of it: vectors that follow from their texts, after a while.
final class EmbeddingProcess {
    static let endpoint = "sim://embedding-gateway"

    init(life: Life, network: Network, dice: Dice) {
        let node = SimulatedNode(life: life, network: network)
        let delay = DelayedAnswers(life: life, dice: dice)
        var server = WireServer()
        server.on(Embed.self) { message, responder in
            delay.later { responder.reply(Embedded(model: "e", vectors: message.texts.map(Self.vector))) }
        }
        _ = node.listen(Self.endpoint, options: ListenerOptions(incarnation: life.number), handler: server)
    }

    private final class DelayedAnswers: @unchecked Sendable {
        private let life: Life
        private var dice: Dice

        init(life: Life, dice: Dice) {
            self.life = life
            self.dice = dice
        }

        func later(_ body: @escaping () -> Void) { life.after(dice.span(500...5_000), body) }
    }

    /// Half floats of 0.5, 0.25, -0.5 or -0.25 in each place.
    private static func vector(of text: String) -> [UInt8] {
        let hash = HashBuilder.hash64(.content) { $0.append(text) }
        return (0..<UInt64(Blueprint.embeddingDimension)).flatMap { place -> [UInt8] in
            [0x00, [0x38, 0x34, 0xb8, 0xb4][Int(hash >> (place * 2) & 3)]]
        }
    }
}
