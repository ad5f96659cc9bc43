import ArgumentParser

/// What `--fault-rate` says: rates of all servers, and of one where it names one.
struct FaultRateArguments {
    /// The rates of each server. One that names the server stands before one for all.
    let rates: [[FaultKind: Double]]

    init(_ texts: [String], servers: Int) throws {
        var common: [FaultKind: Double] = [:]
        var own: [[FaultKind: Double]] = Array(repeating: [:], count: servers)
        for text in texts {
            let (server, kind, rate) = try Self.read(text, servers: servers)
            if let server { own[server][kind] = rate } else { common[kind] = rate }
        }
        rates = own.map { common.merging($0) { _, own in own } }
        for rates in rates {
            // The sum in a fixed order, with room for rounding.
            guard FaultKind.allCases.reduce(0, { $0 + (rates[$1] ?? 0) }) <= 1 + 1e-9 else {
                throw ValidationError("the rates of --fault-rate add up to more than 1")
            }
        }
    }

    private static func read(
        _ text: String, servers: Int
    ) throws -> (server: Int?, kind: FaultKind, rate: Double) {
        let named = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = (named.last ?? "").split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let kind = FaultKind(rawValue: parts[0]), let rate = Double(parts[1]),
            (0...1).contains(rate)
        else {
            let kinds = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--fault-rate \(text) is not KIND=P with P from 0 to 1 and KIND of \(kinds)")
        }
        guard named.count == 2 else { return (nil, kind, rate) }
        guard let server = Int(named[0]), (0..<servers).contains(server) else {
            throw ValidationError("--fault-rate \(text) names a server that is not among the \(servers), from 0 on")
        }
        return (server, kind, rate)
    }
}
