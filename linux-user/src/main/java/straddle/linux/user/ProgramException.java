package straddle.linux.user;

/// A program can't be run: it is no ELF file, for another kind of processor, or damaged. The message is a sentence for the user.
public final class ProgramException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /// @param errno what execve(2) would answer
    ProgramException(int errno, String sentence) {
        super(sentence);
        this.errno = errno;
    }

    /// What execve(2) answers.
    public int errno() {
        return errno;
    }
}
