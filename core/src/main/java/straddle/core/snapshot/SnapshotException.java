package straddle.core.snapshot;

/// A snapshot can't be read. The message is a sentence for the user that names section and field.
public final class SnapshotException extends Exception {
    private static final long serialVersionUID = 1L;

    public SnapshotException(String message) {
        super(message);
    }

    public SnapshotException(String message, Throwable cause) {
        super(message, cause);
    }
}
