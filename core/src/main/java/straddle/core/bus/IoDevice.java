package straddle.core.bus;

/// A device as a bus sees it: registers at offsets from a base that only the board knows.
///
/// Offsets run from 0 to the mapped length - 1; widths are 1, 2, 4 or 8 bytes and always among those
/// that [#widths()] declares. Values are zero-extended and little-endian. A device is called under
/// the machine lock, knows neither its address nor who calls, and answers any offset: a guest's
/// mistake reads as a floating bus, it never throws.
public interface IoDevice {

    /// The access widths this device decodes, as a sum of bytes: 1, 2, 4 and 8 for themselves.
    ///
    /// A wider access is split into the widest declared ones, a narrower one reads and, merging,
    /// writes nothing: it floats, as undecoded byte lanes do.
    default int widths() {
        return 1;
    }

    long read(int offset, int width);

    void write(int offset, int width, long value);
}
