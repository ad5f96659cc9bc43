import Glibc

extension UserError {
    /// An error that the operating system reported as `errno`, in its own words.
    public static func system(_ what: String, at place: String = "", advice: String = "", errno code: Int32)
        -> UserError
    {
        UserError("\(what): \(systemText(code))", at: place, advice: advice, exitCode: .osError)
    }

    /// The system's words for an error number.
    private static func systemText(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = buffer.baseAddress, strerror_r(code, text, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: text)
        }
    }
}
