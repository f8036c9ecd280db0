package straddle.launcher.debian;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/// Files for the guest's first file system, as an archive that Linux unpacks
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root.
///
/// It is not compressed: a translated guest takes longer to unpack it than the host to read it.
/// Several archives may follow one another; what comes later replaces what came before.
final class Initrd {
    private static final int EXECUTABLE = 0755;
    private static final int PLAIN = 0644;
    private static final int ALIGNMENT = 4;
    private static final long LARGEST = 1L << 30;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CpioArchiveOutputStream archive =
            new CpioArchiveOutputStream(bytes, CpioConstants.FORMAT_NEW);
    private final Set<String> directories = new HashSet<>();
    private int inode;

    /// Adds a file and the directories above it.
    ///
    /// @param path absolute
    Initrd file(String path, byte[] content, boolean executable) {
        directory(parent(path));
        return entry(path, CpioConstants.C_ISREG | (executable ? EXECUTABLE : PLAIN), content);
    }

    Initrd file(String path, String content) {
        return file(path, content.getBytes(StandardCharsets.UTF_8), false);
    }

    Initrd link(String path, String to) {
        directory(parent(path));
        return entry(path, CpioConstants.C_ISLNK | 0777, to.getBytes(StandardCharsets.UTF_8));
    }

    Initrd directory(String path) {
        if (!path.isEmpty() && !path.equals("/") && directories.add(path)) {
            directory(parent(path));
            entry(path, CpioConstants.C_ISDIR | EXECUTABLE, new byte[0]);
        }
        return this;
    }

    /// Adds a file of the host's, or a directory with all that is in it. Symbolic links inside stay links; a link
    /// that is given itself is followed. Devices, sockets and pipes are left out.
    ///
    /// @throws IOException if something can't be read
    Initrd copy(Path from, String path) throws IOException {
        if (!Files.isDirectory(from)) {
            return copyFile(from, path);
        }
        Path root = from.toRealPath();
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) {
                        directory(below(directory));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        if (attributes.isSymbolicLink()) {
                            link(below(file), Files.readSymbolicLink(file).toString());
                        } else if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                            copyFile(file, below(file));
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    private String below(Path each) {
                        String relative = root.relativize(each).toString();
                        return relative.isEmpty() ? path : path + "/" + relative;
                    }
                });
        return this;
    }

    private Initrd copyFile(Path from, String path) throws IOException {
        if (Files.size(from) + size() > LARGEST) {
            throw new IOException("the guest's files come to more than 1 GiB");
        }
        return file(path, Files.readAllBytes(from), Files.isExecutable(from));
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private Initrd entry(String path, int mode, byte[] content) {
        try {
            CpioArchiveEntry entry =
                    new CpioArchiveEntry(CpioConstants.FORMAT_NEW, path.substring(1));
            entry.setMode(mode);
            entry.setSize(content.length);
            entry.setInode(++inode);
            entry.setNumberOfLinks(1);
            entry.setTime(0);
            archive.putArchiveEntry(entry);
            archive.write(content);
            archive.closeArchiveEntry();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException("Memory takes every byte", e);
        }
    }

    /// Bytes so far.
    long size() {
        return bytes.size();
    }

    /// The whole archive, of a length that another may follow. Nothing can be added any more.
    byte[] bytes() {
        try {
            archive.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Memory takes every byte", e);
        }
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(0);
        }
        return bytes.toByteArray();
    }
}
