extension Int64 {
    /// The sum, held at the bound of 64 bits that it would pass. The recorder, which grants claims, and the hosts,
    /// which show agents what is left, both count so: at a bound they would otherwise come to differ.
    public func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
