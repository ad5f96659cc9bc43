import Support

/// Every threshold of the fleet, in one place.
public struct FleetPolicy: Sendable, Equatable {
    /// Requests in flight at each server, whatever it tells; 0 to adapt.
    public var fixedWindow = 0
    /// Failures in a row after which a server gets nothing.
    public var failureLimit = 3
    /// Time from one trial of a failing server to the next.
    public var trialPause = Span.seconds(2)
    /// Wait before the second probe of a server that does not answer.
    public var firstProbePause = Span.milliseconds(250)
    /// Longest wait between such probes; a server that is back is used again within about this time.
    public var longestProbePause = Span.milliseconds(1_500)
    /// Wait between probes of a server that a person must look at.
    public var misconfiguredPause = Span.seconds(5)
    /// Longest pause that a single "later" of a server brings about.
    public var shortPause = Span.seconds(2)
    /// Longest pause that a server may ask for.
    public var longestPause = Span.seconds(120)
    /// How many times the 99th percentile of a class of answers a server may bring nothing.
    public var quietFactor = 4
    /// The shortest silence that is ever suspect.
    public var quietLeast = Span.milliseconds(500)
    /// The silence that is suspect while it is unknown how long answers take; loading and compiling take minutes.
    public var quietUnknown = Span.seconds(150)
    /// How often a server's load is read while it has something in flight.
    public var loadInterval = Span.milliseconds(500)
    /// Retries for each request, in hundredths.
    public var retryPercent = 20
    /// Retries each second that are allowed besides.
    public var retriesPerSecond = 5
    /// Hedges for each request, in hundredths; 0 for none.
    public var hedgePercent = 2

    /// The defaults.
    public init() {}
}
