/// Flights in the order in which they were sent. What ended is dropped when it comes to the front, so that an end
/// costs nothing here.
struct FlightLine: Sendable {
    private var numbers: [UInt64] = []
    private var head = 0

    /// Adds a flight that was sent now.
    mutating func append(_ flight: UInt64) { numbers.append(flight) }

    /// The flight that was sent first of those that are `under way`.
    mutating func first(where isUnderWay: (UInt64) -> Bool) -> UInt64? {
        while head < numbers.count {
            if isUnderWay(numbers[head]) { return numbers[head] }
            head += 1
        }
        numbers.removeAll(keepingCapacity: true)
        head = 0
        return nil
    }

    /// All that were not dropped yet, ended ones among them, in order.
    var rest: ArraySlice<UInt64> { numbers[head...] }

    /// Gives back the space of what was dropped. Call it now and then.
    mutating func compact(keeping isUnderWay: (UInt64) -> Bool) {
        numbers = numbers[head...].filter(isUnderWay)
        head = 0
    }

    /// Flights that take up space here.
    var length: Int { numbers.count }
}
