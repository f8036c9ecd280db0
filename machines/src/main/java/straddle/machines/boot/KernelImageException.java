package straddle.machines.boot;

/// A kernel, its initrd or firmware can't be used. The message is a sentence for the user that names the file.
public final class KernelImageException extends Exception {
    private static final long serialVersionUID = 1L;

    public KernelImageException(String message) {
        super(message);
    }

    public KernelImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
