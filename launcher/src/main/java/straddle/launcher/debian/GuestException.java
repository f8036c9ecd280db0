package straddle.launcher.debian;

/// A guest can't be fetched or prepared. The message is a sentence for the user.
public final class GuestException extends Exception {
    private static final long serialVersionUID = 1L;

    public GuestException(String sentence) {
        super(sentence);
    }

    public GuestException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
