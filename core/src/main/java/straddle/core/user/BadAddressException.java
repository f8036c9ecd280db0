package straddle.core.user;

/// A program gave the system an address that it can't use: EFAULT. Has no stack trace.
public final class BadAddressException extends Exception {
    private static final long serialVersionUID = 1L;

    private final long address;

    public BadAddressException(long address) {
        super("bad address 0x" + Long.toHexString(address), null, false, false);
        this.address = address;
    }

    public long address() {
        return address;
    }
}
