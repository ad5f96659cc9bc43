/// Decimal numbers as whole numbers of their last digit: read, kept and written without rounding.
package enum Decimal {
    /// `text` in units of 10^-`digits`; nil where it is no plain decimal number or has more decimals.
    package static func parse(_ text: String, digits: Int) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first, !whole.isEmpty,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        var decimals = parts.count == 2 ? String(parts[1]) : ""
        while decimals.utf8.last == 48 { decimals.removeLast() }
        guard decimals.utf8.count <= digits else { return nil }
        decimals += String(repeating: "0", count: digits - decimals.utf8.count)
        guard let value = Int64(whole + decimals) else { return nil }
        return isNegative ? -value : value
    }

    /// The shortest text that `parse` reads back.
    package static func text(_ value: Int64, digits: Int) -> String {
        let magnitude = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - magnitude.utf8.count)) + magnitude
        var decimals = padded.suffix(digits)
        while decimals.last == "0" { decimals.removeLast() }
        let whole = (value < 0 ? "-" : "") + padded.dropLast(digits)
        return decimals.isEmpty ? whole : "\(whole).\(decimals)"
    }
}
