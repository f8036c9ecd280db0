package straddle.machines.embedded;

/// A guest image can't be used. The message is a sentence for the user that names the file.
public final class GuestImageException extends Exception {
    private static final long serialVersionUID = 1L;

    public GuestImageException(String message) {
        super(message);
    }

    public GuestImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
