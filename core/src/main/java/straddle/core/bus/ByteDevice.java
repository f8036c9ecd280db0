package straddle.core.bus;

/// An [IoDevice] of byte-wide registers only, which is what most chips of the PC are.
public interface ByteDevice extends IoDevice {

    /// Reads the register at an offset: 0 to 255.
    int read(int offset);

    /// Writes a value of 0 to 255 to the register at an offset.
    void write(int offset, int value);

    @Override
    default long read(int offset, int width) {
        return read(offset);
    }

    @Override
    default void write(int offset, int width, long value) {
        write(offset, (int) value & 0xff);
    }
}
