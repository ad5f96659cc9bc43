extension FixedVector {
    /// Tells apart what a model answered on two days, however near the answers are. It need not stand against intent,
    /// and costs a fraction of a cryptographic hash.
    ///
    /// Each component is mixed in by a step that loses nothing, as in FNV-1a (Fowler, Noll, Vo), with a shift that
    /// brings what the multiplication left in the upper bits back to where the next component comes in.
    public var checksum: UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(components.count)
        for component in components {
            state = (state ^ UInt64(UInt16(bitPattern: component))) &* 0xD6E8_FEB8_6659_FD93
            state ^= state >> 32
        }
        return state
    }
}
