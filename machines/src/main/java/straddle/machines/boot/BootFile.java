package straddle.machines.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/// Reads files that a user names, and says in a sentence why it can't.
public final class BootFile {
    private BootFile() {}

    /// The whole file, or its first bytes.
    ///
    /// @param what it is to be, for the sentences: "kernel", "initrd"
    /// @param limit bytes that are read at most
    public static byte[] read(String what, Path file, long limit) throws KernelImageException {
        if (Files.isDirectory(file)) {
            throw new KernelImageException("The %s %s is a directory.".formatted(what, file));
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new KernelImageException("The %s %s is no regular file.".formatted(what, file));
        }
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), limit));
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
            return Arrays.copyOf(bytes.array(), bytes.position());
        } catch (NoSuchFileException e) {
            throw new KernelImageException("There is no %s %s.".formatted(what, file), e);
        } catch (AccessDeniedException e) {
            throw new KernelImageException(
                    "You may not read the %s %s: permission denied.".formatted(what, file), e);
        } catch (IOException e) {
            throw new KernelImageException(
                    "The %s %s can't be read: %s.".formatted(what, file, e.getMessage()), e);
        }
    }

    public static long size(String what, Path file) throws KernelImageException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            throw new KernelImageException("There is no %s %s.".formatted(what, file), e);
        } catch (IOException e) {
            throw new KernelImageException(
                    "The %s %s can't be read: %s.".formatted(what, file, e.getMessage()), e);
        }
    }
}
