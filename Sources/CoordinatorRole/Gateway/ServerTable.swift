import Wire

/// Servers in a table for people.
enum ServerTable {
    /// One line for each server below a line of titles.
    static func text(_ servers: [ListedServer]) -> String {
        guard !servers.isEmpty else { return "no servers\n" }
        let titles = ["SERVER", "STATE", "ENGINE", "IN FLIGHT", "ANSWERED", "FAILED", "MODELS"]
        let rows = [titles] + servers.map(row)
        let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                column == row.count - 1
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }
            return cells.joined(separator: "  ") + "\n"
        }
        .joined()
    }

    private static func row(_ server: ListedServer) -> [String] {
        let counts = Dictionary(server.counts.map { ($0.name, $0.count) }) { first, _ in first }
        let failed = ["failed", "lost"].reduce(0) { $0 &+ (counts[$1] ?? 0) }
        return [
            server.host.isEmpty ? server.url : "\(server.url) (\(server.host))", server.state,
            server.engine.isEmpty ? "-" : server.engine, "\(server.inFlight)/\(server.window)",
            Amount.count(counts["answered"] ?? 0), Amount.count(failed),
            server.models.map { $0.parent.isEmpty ? $0.name : "\($0.name) (on \($0.parent))" }.joined(separator: ", "),
        ]
        // What servers and gateways say is text of others: no control characters to the terminal.
        .map { String($0.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init)) }
    }
}
