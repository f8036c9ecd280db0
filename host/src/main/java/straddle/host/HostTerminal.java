package straddle.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import straddle.linux.libc.Libc;

/// A terminal that is open as one of this process's descriptors, with the settings it had when found: termios(3).
///
/// [#raw()] and [#restore()] may be called by any thread, each as often as one likes.
public final class HostTerminal {
    /// Standard input's and output's descriptors.
    public static final int STDIN = 0;

    public static final int STDOUT = 1;

    /// The C library's `struct termios` has 60 bytes.
    private static final int TERMIOS_BYTES = 128;

    /// `struct winsize`: rows, columns and two sizes in pixels, 16 bits each.
    private static final int WINSIZE_BYTES = 8;

    private final int fd;
    private final MemorySegment found;

    /// In characters.
    public record Size(int columns, int rows) {}

    private HostTerminal(int fd, MemorySegment found) {
        this.fd = fd;
        this.found = found;
    }

    /// The terminal behind a descriptor; empty when it is something else, or not open.
    public static Optional<HostTerminal> of(int fd) {
        MemorySegment found = Arena.ofAuto().allocate(TERMIOS_BYTES, 8);
        return NativeCall.tcgetattr(fd, found.address()) < 0
                ? Optional.empty()
                : Optional.of(new HostTerminal(fd, found));
    }

    /// Passes every byte through both ways: no echo, no line editing, no signals, no translation of line ends.
    public void raw() throws HostException {
        MemorySegment raw = Arena.ofAuto().allocate(TERMIOS_BYTES, 8).copyFrom(found);
        NativeCall.cfmakeraw(raw.address());
        set(raw);
    }

    /// Back to the settings it was found with.
    public void restore() throws HostException {
        set(found);
    }

    private void set(MemorySegment termios) throws HostException {
        int result;
        do {
            result = NativeCall.tcsetattr(fd, Libc.TCSADRAIN(), termios.address());
        } while (result == -Libc.EINTR());
        if (result < 0) {
            throw new HostException("tcsetattr", -result, "");
        }
    }

    /// Its window's size; empty when the terminal does not tell.
    public Optional<Size> size() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment window = arena.allocate(WINSIZE_BYTES, 8);
            int result = NativeCall.ioctl(fd, Libc.TIOCGWINSZ(), window.address());
            int rows = Short.toUnsignedInt(window.get(ValueLayout.JAVA_SHORT, 0));
            int columns = Short.toUnsignedInt(window.get(ValueLayout.JAVA_SHORT, 2));
            return result < 0 || rows == 0 || columns == 0
                    ? Optional.empty()
                    : Optional.of(new Size(columns, rows));
        }
    }
}
