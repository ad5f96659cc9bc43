import RunConfiguration
import Wire

extension CallTerms {
    /// The terms that a run's configuration asks for; its loader has checked their ranges.
    init(_ sharing: RunSettings.Sharing) {
        self.init(
            priority: UInt8(sharing.priority), weight: UInt32(sharing.weight), inFlight: UInt32(sharing.inFlight))
    }
}
