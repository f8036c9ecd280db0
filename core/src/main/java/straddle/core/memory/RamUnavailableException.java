package straddle.core.memory;

/// The host could not give the memory that a guest was to have. The message is a sentence for the user.
public final class RamUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    public RamUnavailableException(String message) {
        super(message);
    }

    public RamUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
