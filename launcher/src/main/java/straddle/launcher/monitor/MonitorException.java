package straddle.launcher.monitor;

/// A command can't be carried out. The message is a sentence for whoever typed it.
public final class MonitorException extends Exception {
    private static final long serialVersionUID = 1L;

    public MonitorException(String sentence) {
        super(sentence);
    }

    public MonitorException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
