package straddle.core.accel;

/// What the guest's processor is.
public enum GuestArchitecture {
    X86_64,
    ARM,
    AARCH64,
    MIPS,
    POWERPC,
    SPARC;

    /// The host's own architecture, or null when no guest of ours matches it.
    public static GuestArchitecture ofHost() {
        return switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64" -> AARCH64;
            default -> null;
        };
    }
}
