import Support
import Testing

@testable import CoordinatorRole

@Suite struct LossBoxTests {
    private func loss(_ name: String) -> LocalCluster.Loss { LocalCluster.Loss(name: name, explanation: "") }

    @Test func whatIsLostWhileEarlierLossesGoComesAfterThem() {
        let box = LossBox()
        let seen = Guarded<[String]>([])
        box.take(loss("first"))
        box.take(loss("second"))
        box.forward { [self] found in
            if found.name == "first" { box.take(loss("third")) }
            seen.withLock { $0.append(found.name) }
        }
        box.take(loss("fourth"))
        #expect(seen.withLock { $0 } == ["first", "second", "third", "fourth"])
    }
}
