package straddle.launcher.measure;

/// A mode did not get the guest through its phases. The message is a sentence for the user.
public final class ModeFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean hostsFault;
    private final String report;

    /// @param hostsFault whether the host lacks or refuses something; otherwise the guest failed
    /// @param report lines that may help to find out why; may be empty
    public ModeFailedException(String sentence, boolean hostsFault, String report) {
        super(sentence);
        this.hostsFault = hostsFault;
        this.report = report;
    }

    public boolean hostsFault() {
        return hostsFault;
    }

    public String report() {
        return report;
    }
}
