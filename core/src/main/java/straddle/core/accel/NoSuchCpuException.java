package straddle.core.accel;

/// An engine can't show the processor that was asked for ([VmResources#cpu()]): there is none of that name, or not here.
/// The message says what there is instead.
public final class NoSuchCpuException extends AcceleratorException {
    private static final long serialVersionUID = 1L;

    public NoSuchCpuException(String message) {
        super(message);
    }

    public NoSuchCpuException(String message, Throwable cause) {
        super(message, cause);
    }
}
