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
}
