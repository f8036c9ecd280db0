package straddle.launcher;

/// What the process's exit code says. A guest's own code is passed on as it is, so a code below 128 of
/// `straddle run` that comes without a sentence on standard error is the guest's.
final class ExitCodes {
    static final int OK = 0;
    static final int WRONG_RESULT = 1;
    static final int USAGE = 2;
    static final int HOST = 3;
    static final int GUEST = 4;
    static final int INTERNAL = 70;
    static final int TIMED_OUT = 124;
    static final int INTERRUPTED = 130;
    static final int OUTPUT_CLOSED = 141;

    private ExitCodes() {}
}
