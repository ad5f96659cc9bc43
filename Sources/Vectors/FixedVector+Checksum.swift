extension FixedVector {
    /// A sum in which every component has a weight of its own. It tells apart what a model answered on two days; it
    /// need not stand against intent, and costs a fraction of a hash over all components.
    public var checksum: UInt64 {
        var sum: UInt64 = 0
        var weight: UInt64 = 1
        for component in components {
            sum &+= UInt64(bitPattern: Int64(component)) &* weight
            weight &+= 2
        }
        return sum
    }
}
