package straddle.core.accel;

/// The host refused or failed something that an accelerator needs. The message says which call failed
/// with which error, and what the user can do about it.
public class AcceleratorException extends Exception {
    private static final long serialVersionUID = 1L;

    public AcceleratorException(String message) {
        super(message);
    }

    public AcceleratorException(String message, Throwable cause) {
        super(message, cause);
    }
}
