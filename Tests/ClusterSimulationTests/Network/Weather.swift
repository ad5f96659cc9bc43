/// How a simulated network treats what is sent, drawn once for each seed. Chances in millionths of a packet.
struct Weather {
    /// How long a packet takes, in microseconds.
    var delay = 50...500
    /// A connection breaks: what is in flight is lost, in both directions.
    var breaks = 0
    /// A packet is lost alone, and the connection breaks a little later.
    var gaps = 0
    /// A packet comes twice.
    var duplicates = 0
    /// A packet takes much longer than those after it.
    var overtakes = 0

    /// Nothing but short delays.
    static let calm = Weather()

    /// From nearly calm to wild. Half of all networks keep what a TCP connection promises: order, and loss only at its
    /// end. The others lose, repeat and reorder single frames as well.
    static func drawn(from dice: inout Dice) -> Weather {
        var weather = Weather()
        weather.delay = dice.one(of: [50...500, 200...5_000, 1_000...50_000, 50...200_000])
        weather.breaks = dice.one(of: [0, 500, 5_000, 20_000])
        guard dice.happens(500_000) else { return weather }
        weather.gaps = dice.one(of: [0, 1_000, 10_000])
        weather.duplicates = dice.one(of: [0, 5_000, 50_000])
        weather.overtakes = dice.one(of: [0, 5_000, 50_000])
        return weather
    }
}
