import Testing

@testable import CoordinatorRole

@Suite struct AmountTests {
    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] as [(UInt64, String)])
    func countsAreGrouped(number: UInt64, text: String) { #expect(Amount.count(number) == text) }

    @Test(
        arguments: [(999, "999 bytes"), (12_345, "12.3 kB"), (4_000_000_000, "4.0 GB"), (.max, "18446744.1 TB")]
            as [(UInt64, String)])
    func bytesHaveAUnit(number: UInt64, text: String) { #expect(Amount.bytes(number) == text) }

    @Test(
        arguments: [(0.4, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7620, "2 h 07 min"), (-1, "0 s")]
            as [(Double, String)])
    func durationsAreShort(seconds: Double, text: String) { #expect(Amount.duration(seconds: seconds) == text) }

    @Test func whatIsNoNumberIsShownAsUnknown() {
        #expect(Amount.oneDecimal(.infinity) == "?")
        #expect(Amount.oneDecimal(.nan) == "?")
    }
}
