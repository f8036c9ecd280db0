package straddle.launcher.session;

import sun.misc.Signal;

/// Signals that the host sends this process, for Java code to answer.
///
/// The JDK supports `sun.misc.Signal` in its module jdk.unsupported, having nothing else for it. A proxy of it by reflection,
/// as a terminal library makes, costs the start of a program 30 ms.
public final class HostSignals {
    private HostSignals() {}

    /// Has a thread of the JVM's call an action whenever a signal comes, instead of what it did before.
    ///
    /// @param name without SIG; nothing happens if the host has no such signal or the JVM keeps it for itself
    public static void register(String name, Runnable action) {
        try {
            Signal.handle(new Signal(name), _ -> action.run());
        } catch (IllegalArgumentException _) {
            // Then it does what it does without a handler.
        }
    }
}
