/// Which GenSim this is: recorded with every run, and equal in all processes of one.
public enum ProgramVersion {
    /// The version, as `--version` prints it.
    public static let current = "0.1.0"
}
