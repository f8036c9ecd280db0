package straddle.devices.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// A raw image: the disk's bytes in a file, or the host's own block device.
///
/// A write goes to the file as it comes, so that what the guest wrote before the process is killed is there, and
/// nothing but the ranges that it was writing can be torn. A file that is no whole number of sectors can
/// only be read, and its last sector ends in zeros.
public final class RawImage implements BlockBackend {
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_DIRECTORY = 0x4000;
    private static final int TYPE_FIFO = 0x1000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int TYPE_SOCKET = 0xc000;

    private final Path path;
    private final FileChannel channel;
    private final ImageLocker.Lock lock;
    private final boolean readOnly;
    private final long fileBytes;
    private final Consumer<String> trouble;
    private final AtomicBoolean troubled = new AtomicBoolean();

    private RawImage(
            Path path,
            FileChannel channel,
            ImageLocker.Lock lock,
            boolean readOnly,
            Consumer<String> trouble)
            throws IOException {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
        this.readOnly = readOnly;
        this.trouble = trouble;
        fileBytes = channel.size();
    }

    /// Opens and locks an image.
    ///
    /// @param trouble gets a sentence at the first request that the host fails, from any thread
    /// @throws ImageException if it can't be had, is locked, is empty, is of another format, or can't be written as wished
    public static RawImage open(
            Path path, boolean readOnly, ImageLocker locker, Consumer<String> trouble)
            throws ImageException {
        checkType(path, readOnly);
        FileChannel channel = null;
        ImageLocker.Lock lock = () -> {};
        boolean complete = false;
        try {
            channel = openChannel(path, readOnly);
            lock = locker.lock(path, !readOnly);
            RawImage image = new RawImage(path, channel, lock, readOnly, trouble);
            image.checkSize();
            complete = true;
            return image;
        } catch (IOException e) {
            throw refused(path, readOnly, e);
        } finally {
            if (!complete) {
                closeQuietly(channel);
                lock.close();
            }
        }
    }

    private static FileChannel openChannel(Path path, boolean readOnly) throws IOException {
        return FileChannel.open(
                path,
                readOnly
                        ? Set.of(StandardOpenOption.READ)
                        : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /// Before anything is opened: to open a pipe would wait for its other end.
    private static void checkType(Path path, boolean readOnly) throws ImageException {
        String kind;
        try {
            kind = kind(path);
        } catch (IOException e) {
            throw refused(path, readOnly, e);
        }
        if (!kind.isEmpty()) {
            throw new ImageException(
                    path
                            + " is "
                            + kind
                            + ". A disk image is a file, or a block device of the host's.");
        }
    }

    /// What keeps a file from being an image, or nothing.
    private static String kind(Path path) throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return Files.isDirectory(path) ? "a directory" : "";
        }
        return switch ((int) Files.getAttribute(path, "unix:mode") & TYPE_MASK) {
            case TYPE_DIRECTORY -> "a directory";
            case TYPE_FIFO -> "a pipe";
            case TYPE_CHARACTER -> "a character device";
            case TYPE_SOCKET -> "a socket";
            default -> "";
        };
    }

    private void checkSize() throws ImageException {
        if (fileBytes == 0) {
            throw new ImageException(
                    path
                            + " is empty. Give it the disk's size first, as 'truncate -s 1G "
                            + path
                            + "' does.");
        }
        if (!readOnly && fileBytes % SECTOR_BYTES != 0) {
            throw new ImageException(
                    "%s has %,d bytes, which is no whole number of 512-byte sectors: a copy may have been cut off. 'truncate -s %%512 %s' fills its last sector with zeros; read-only it can be used as it is."
                            .formatted(path, fileBytes, path));
        }
    }

    private static ImageException refused(Path path, boolean readOnly, IOException e) {
        String sentence =
                switch (e) {
                    case NoSuchFileException _ ->
                            path
                                    + " does not exist. 'truncate -s 1G "
                                    + path
                                    + "' makes an empty disk of 1 GiB.";
                    case AccessDeniedException _ when readOnly ->
                            "You may not read " + path + ": 'ls -l " + path + "' shows who may.";
                    case AccessDeniedException _ ->
                            "You may not read and write "
                                    + path
                                    + ". Without the right to write it can be used read-only, or as a snapshot.";
                    case FileSystemLoopException _ -> loop(path);
                    case FileSystemException f
                            when String.valueOf(f.getReason()).contains("symbolic links") ->
                            loop(path);
                    case FileSystemException f -> path + " can't be opened: " + f.getReason() + ".";
                    default -> path + " can't be opened: " + e.getMessage() + ".";
                };
        return new ImageException(sentence, e);
    }

    private static String loop(Path path) {
        return path + " is a symbolic link that leads back to itself.";
    }

    @Override
    public long length() {
        return (fileBytes + SECTOR_BYTES - 1) & -(long) SECTOR_BYTES;
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public BlockStatus read(long offset, MemorySegment to) {
        BlockStatus range = rangeStatus(offset, to.byteSize());
        if (!range.isOk()) {
            return range;
        }
        try {
            long stored = Math.min(to.byteSize(), fileBytes - offset);
            if (!FileBytes.read(channel, offset, to.asSlice(0, stored))) {
                return failed("it is shorter than when it was opened");
            }
            to.asSlice(stored).fill((byte) 0);
            return BlockStatus.OK;
        } catch (IOException e) {
            return failed(e.getMessage());
        }
    }

    @Override
    public BlockStatus write(long offset, MemorySegment from) {
        BlockStatus range = rangeStatus(offset, from.byteSize());
        if (readOnly || !range.isOk()) {
            return readOnly ? BlockStatus.READ_ONLY : range;
        }
        try {
            FileBytes.write(channel, offset, from);
            return BlockStatus.OK;
        } catch (IOException e) {
            return failed(e.getMessage());
        }
    }

    @Override
    public BlockStatus flush() {
        try {
            if (!readOnly) {
                channel.force(false);
            }
            return BlockStatus.OK;
        } catch (IOException e) {
            return failed(e.getMessage());
        }
    }

    private BlockStatus failed(String why) {
        if (troubled.compareAndSet(false, true)) {
            trouble.accept(path + ": " + why + ". The guest sees an I/O error.");
        }
        return BlockStatus.IO_ERROR;
    }

    @Override
    public void close() {
        closeQuietly(channel);
        lock.close();
    }

    /// What was written is the host's already; a failure to close loses nothing that a flush had promised.
    static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException _) {
            // Nothing is left to undo.
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
