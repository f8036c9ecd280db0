package straddle.launcher;

/// A command can't do what it was asked to. The message is a sentence for the user.
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private CommandFailure(int exitCode, String sentence, Throwable cause) {
        super(sentence, cause);
        this.exitCode = exitCode;
    }

    /// The command line, or a file it names, is wrong.
    static CommandFailure usage(String sentence) {
        return new CommandFailure(ExitCodes.USAGE, sentence, null);
    }

    /// The host lacks or refuses something.
    static CommandFailure host(String sentence, Throwable cause) {
        return new CommandFailure(ExitCodes.HOST, sentence, cause);
    }

    static CommandFailure host(String sentence) {
        return host(sentence, null);
    }

    /// The guest did what it can't go on after, or did not end.
    static CommandFailure guest(int exitCode, String sentence) {
        return new CommandFailure(exitCode, sentence, null);
    }

    int exitCode() {
        return exitCode;
    }
}
