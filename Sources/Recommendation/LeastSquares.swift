/// A small least-squares problem with a penalty: its normal equations, solved by Cholesky's factorisation.
struct LeastSquares {
    private let rank: Int
    /// The lower triangle of the matrix, by rows.
    private var matrix: [Double]
    private var right: [Double]

    init(rank: Int) {
        self.rank = rank
        matrix = Array(repeating: 0, count: rank * rank)
        right = Array(repeating: 0, count: rank)
    }

    /// Begins a new problem. A positive penalty makes it solvable whatever is added.
    mutating func reset(penalty: Double) {
        for row in 0..<rank {
            for column in 0..<row { matrix[row * rank + column] = 0 }
            matrix[row * rank + row] = penalty
            right[row] = 0
        }
    }

    /// Adds an equation: the row of `rows` that begins at `start`, times what is sought, is `value`.
    mutating func add(_ rows: [Double], at start: Int, _ value: Double) {
        for row in 0..<rank {
            let factor = rows[start + row]
            for column in 0...row { matrix[row * rank + column] += factor * rows[start + column] }
            right[row] += factor * value
        }
    }

    /// Writes the solution to `result` from `start` on. The problem is used up.
    mutating func solve(into result: inout [Double], at start: Int) {
        for row in 0..<rank {
            for column in 0...row {
                var sum = matrix[row * rank + column]
                for inner in 0..<column { sum -= matrix[row * rank + inner] * matrix[column * rank + inner] }
                matrix[row * rank + column] = row == column ? sum.squareRoot() : sum / matrix[column * rank + column]
            }
        }
        for row in 0..<rank {
            var sum = right[row]
            for inner in 0..<row { sum -= matrix[row * rank + inner] * right[inner] }
            right[row] = sum / matrix[row * rank + row]
        }
        for row in stride(from: rank - 1, through: 0, by: -1) {
            var sum = right[row]
            for inner in row + 1..<rank { sum -= matrix[inner * rank + row] * right[inner] }
            right[row] = sum / matrix[row * rank + row]
            result[start + row] = right[row]
        }
    }
}
