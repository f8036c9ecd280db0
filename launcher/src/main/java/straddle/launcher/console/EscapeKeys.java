package straddle.launcher.console;

/// Finds Straddle's own keys in what is typed: Ctrl-A, then a letter. All else is the guest's, byte by byte, so that
/// UTF-8 and control characters pass whatever way reads happen to split them.
final class EscapeKeys {
    /// Ctrl-A.
    static final int ESCAPE = 1;

    /// What a byte meant; or it is one for the guest, 0 to 255.
    static final int NOTHING_YET = -1;

    static final int HELP = -2;
    static final int QUIT = -3;
    static final int MONITOR = -4;
    static final int BREAK = -5;
    static final int SIZE = -6;

    static final String TEXT =
            """
            Ctrl-A H   this help
            Ctrl-A X   quit: the guest is powered off at once
            Ctrl-A C   to the monitor and back
            Ctrl-A A   send Ctrl-A to the guest
            Ctrl-A B   send a break (Linux: the next key is a SysRq)
            Ctrl-A S   tell the guest's shell this window's size, by an stty command
            """;

    private boolean escaped;

    EscapeKeys() {}

    /// @param b 0 to 255
    /// @return a byte for the guest, or one of the negative constants
    int next(int b) {
        if (!escaped) {
            escaped = b == ESCAPE;
            return escaped ? NOTHING_YET : b;
        }
        escaped = false;
        return switch (b) {
            case 'a', 'A', ESCAPE -> ESCAPE;
            case 'b', 'B' -> BREAK;
            case 'c', 'C' -> MONITOR;
            case 's', 'S' -> SIZE;
            case 'x', 'X' -> QUIT;
            default -> HELP;
        };
    }
}
