package straddle.devices;

/// Where a device's output goes: a terminal, a file, a test's buffer.
///
/// Called under the machine lock, so it must not block: what can block hands the byte to a thread of
/// its own.
@FunctionalInterface
public interface ByteSink {
    /// Drops what it gets.
    ByteSink NOWHERE = _ -> {};

    /// @param b 0 to 255
    void write(int b);

    /// Whether it takes a few dozen bytes more. One that said no, later tells the device that it is ready again.
    default boolean ready() {
        return true;
    }
}
