/// The largest whole number whose square is not above `value`.
public func integerSquareRoot(_ value: UInt64) -> UInt64 {
    guard value > 1 else { return value }
    // Newton's method from above: the first estimate is a power of two not below the root.
    var estimate: UInt64 = 1 << UInt64((65 - value.leadingZeroBitCount) / 2)
    while true {
        let next = (estimate + value / estimate) / 2
        if next >= estimate { return estimate }
        estimate = next
    }
}
