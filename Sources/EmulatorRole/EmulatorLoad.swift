/// How much a server has to do.
struct EmulatorLoad: Equatable {
    /// Requests that are being served.
    var running: Int
    /// Requests that wait for it.
    var waiting: Int
    /// Most requests that were served or waited at once.
    var peak: Int
    /// Most requests that were served at once.
    var peakRunning: Int
}

extension EmulatorCore {
    /// The load, of the GPU where there is one, else of the slots.
    var load: EmulatorLoad {
        guard let gpu else {
            return EmulatorLoad(
                running: queue.runningCount, waiting: queue.waitingCount, peak: queue.peak,
                peakRunning: queue.peakRunning)
        }
        return EmulatorLoad(
            running: gpu.model.runningCount, waiting: gpu.model.waitingCount, peak: gpu.peak,
            peakRunning: gpu.peakRunning)
    }

    /// Most requests served at once; 0 for any number.
    var slotLimit: Int { options.gpu?.maximumSequences ?? options.parallel }
}
