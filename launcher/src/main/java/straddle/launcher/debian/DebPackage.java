package straddle.launcher.debian;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// A Debian binary package (deb(5)): an ar archive with the files in a compressed tar archive.
final class DebPackage {
    private final Path file;

    /// Takes in a regular file of the package.
    @FunctionalInterface
    interface Visitor {
        /// @param path without the leading `./`
        /// @param content to be read before the call returns, or not at all
        void file(String path, InputStream content) throws IOException;
    }

    DebPackage(Path file) {
        this.file = file;
    }

    /// Shows every regular file, in the package's order.
    ///
    /// @throws IOException if the package is damaged, too
    void visit(Visitor visitor) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
                ArArchiveInputStream members = new ArArchiveInputStream(in)) {
            ArArchiveEntry member = members.getNextEntry();
            while (member != null && !member.getName().startsWith("data.tar")) {
                member = members.getNextEntry();
            }
            if (member == null) {
                throw new IOException(file.getFileName() + " is no Debian package");
            }
            visit(decompressed(member.getName(), members), visitor);
        }
    }

    private InputStream decompressed(String name, InputStream in) throws IOException {
        return switch (name) {
            case "data.tar" -> in;
            case "data.tar.gz" -> new GZIPInputStream(in);
            case "data.tar.xz" -> new XZInputStream(in);
            default ->
                    throw new IOException(
                            file.getFileName() + " holds its files in an unknown form, " + name);
        };
    }

    private static void visit(InputStream in, Visitor visitor) throws IOException {
        TarArchiveInputStream files = new TarArchiveInputStream(in);
        for (TarArchiveEntry entry = files.getNextEntry();
                entry != null;
                entry = files.getNextEntry()) {
            if (entry.isFile()) {
                visitor.file(
                        entry.getName().startsWith("./")
                                ? entry.getName().substring(2)
                                : entry.getName(),
                        files);
            }
        }
    }
}
