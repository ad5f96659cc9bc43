import Model

/// What an answer was drawn from, as the columns of `calls` hold it.
enum RecordedDistribution {
    /// The probabilities as a JSON array, in the order of the options.
    static func text(of distribution: ChoiceDistribution) -> String {
        JSONText.of(numbers: distribution.probabilities.map { Int64($0) })
    }

    /// The distribution of a call, nil where it has none. `options` is what the call could be answered by.
    static func read(_ row: SQLStatement, column: Int32, constraint: AnswerConstraint) throws -> ChoiceDistribution? {
        guard !row.isNull(column) else { return nil }
        let probabilities = JSONText.numbers(row.text(column)).compactMap { UInt32(exactly: $0) }
        guard case .choice(let options) = constraint, options.count == probabilities.count,
            let coverage = UInt32(exactly: row.int(column + 1)),
            let distribution = ChoiceDistribution(probabilities: probabilities, coverage: coverage)
        else { throw StorageFailure.damaged("call \(row.int(0)) has no whole distribution of its options") }
        return distribution
    }
}
