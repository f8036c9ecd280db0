package straddle.devices.block;

/// A disk image can't be used. The message names it, says why and what to do, in sentences for the user.
public final class ImageException extends Exception {
    private static final long serialVersionUID = 1L;

    public ImageException(String sentence) {
        super(sentence);
    }

    public ImageException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
