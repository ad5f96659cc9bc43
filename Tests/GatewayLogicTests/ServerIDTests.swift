import GatewayLogic
import Testing

@Test func serversAreOrderedByTheirNumbers() {
    #expect([ServerID(3), ServerID(1), ServerID(2)].sorted() == [ServerID(1), ServerID(2), ServerID(3)])
}
