package straddle.devices.block;

import java.nio.file.Path;

/// Keeps two machines from writing one image, in this process and in others.
@FunctionalInterface
public interface ImageLocker {
    /// Locks nothing: for hosts that can't, and tests.
    ImageLocker NONE = (_, _) -> () -> {};

    /// Takes a lock on an image that exists: any number of readers, or one writer.
    ///
    /// @return releases it
    /// @throws ImageException if somebody has a lock that excludes this one, or the host refuses
    Lock lock(Path image, boolean exclusive) throws ImageException;

    /// A lock that is held.
    @FunctionalInterface
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }
}
