package straddle.machines.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;

/// The image of our bare-metal guest: its code, its phase table and its user blob.
///
/// The layout is that of `machines/src/guest/protocol.h`. The header, little-endian, tells magic,
/// version, size, CRC-32 of all that follows it, where to load it, the RAM it needs, and where
/// blob and phase table lie.
public final class EmbeddedGuest {
    /// The longest image that is read: far more than ours has, far less than would hurt.
    static final int MAX_BYTES = 8 << 20;

    static final int HEADER_BYTES = 64;
    static final int PHASE_BYTES = 64;
    static final int VERSION = 1;
    static final String MAGIC = "STRADDLE";

    private static final int MAGIC_OFFSET = 4;
    private static final int VERSION_OFFSET = 12;
    private static final int SIZE_OFFSET = 16;
    private static final int CRC_OFFSET = 20;
    private static final int LOAD_GPA_OFFSET = 24;
    private static final int MIN_RAM_OFFSET = 28;
    private static final int BLOB_OFFSET = 32;
    private static final int BLOB_SIZE_OFFSET = 36;
    private static final int PHASES_OFFSET = 40;
    private static final int PHASE_COUNT_OFFSET = 44;

    private static final int PHASE_NAME_OFFSET = 32;
    private static final int MAX_PHASES = 256;
    private static final int REAL_MODE_END = 0xa_0000;

    private static final String RESOURCE = "embedded.img";

    private final ByteBuffer image;
    private final List<Phase> phases;

    private EmbeddedGuest(String name, byte[] bytes) throws GuestImageException {
        image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        checkHeader(name, image, bytes.length);
        CRC32 crc = new CRC32();
        crc.update(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
        if ((int) crc.getValue() != image.getInt(CRC_OFFSET)) {
            throw new GuestImageException(
                    name
                            + " is damaged: its CRC-32 is %08x, its header says %08x."
                                    .formatted((int) crc.getValue(), image.getInt(CRC_OFFSET)));
        }
        checkPlace(name);
        phases = readPhases(name);
    }

    /// The guest that comes with Straddle.
    ///
    /// @throws IllegalStateException if this build has none or a damaged one
    public static EmbeddedGuest builtIn() {
        try (InputStream in = EmbeddedGuest.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("This build of Straddle lacks " + RESOURCE);
            }
            return new EmbeddedGuest("The built-in guest", in.readAllBytes());
        } catch (IOException | GuestImageException e) {
            throw new IllegalStateException("The built-in guest can't be read", e);
        }
    }

    /// Reads an image from a file; of one that is none, no more than the header.
    ///
    /// @throws GuestImageException with a sentence, whatever is wrong with it
    public static EmbeddedGuest read(Path file) throws GuestImageException {
        if (Files.isDirectory(file)) {
            throw new GuestImageException(file + " is a directory, not a guest image.");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new GuestImageException(file + " is no regular file, so no guest image.");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            ByteBuffer header = ByteBuffer.wrap(firstBytes(channel, HEADER_BYTES));
            checkHeader(file.toString(), header.order(ByteOrder.LITTLE_ENDIAN), size);
            channel.position(0);
            return new EmbeddedGuest(file.toString(), firstBytes(channel, (int) size));
        } catch (NoSuchFileException e) {
            throw new GuestImageException("There is no guest image " + file + ".", e);
        } catch (AccessDeniedException e) {
            throw new GuestImageException(
                    "You may not read the guest image " + file + ": permission denied.", e);
        } catch (IOException e) {
            throw new GuestImageException(
                    "The guest image " + file + " can't be read: " + e.getMessage() + ".", e);
        }
    }

    private static byte[] firstBytes(FileChannel channel, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
        return bytes.position() == count
                ? bytes.array()
                : Arrays.copyOf(bytes.array(), bytes.position());
    }

    /// @param size of the whole file, in bytes
    private static void checkHeader(String name, ByteBuffer header, long size)
            throws GuestImageException {
        if (size == 0) {
            throw new GuestImageException(name + " is empty.");
        }
        if (header.capacity() < HEADER_BYTES) {
            throw new GuestImageException(
                    name + " is no Straddle guest image: it is shorter than the 64-byte header.");
        }
        byte[] magic = new byte[MAGIC.length()];
        header.get(MAGIC_OFFSET, magic);
        if (!new String(magic, StandardCharsets.ISO_8859_1).equals(MAGIC)) {
            throw new GuestImageException(
                    name + " is no Straddle guest image: the mark STRADDLE is not at its start.");
        }
        int version = header.getInt(VERSION_OFFSET);
        if (version != VERSION) {
            throw new GuestImageException(
                    "%s has image version %d; this Straddle runs version %d."
                            .formatted(name, version, VERSION));
        }
        long declared = Integer.toUnsignedLong(header.getInt(SIZE_OFFSET));
        if (declared < HEADER_BYTES || declared > MAX_BYTES) {
            throw new GuestImageException(
                    String.format(
                            Locale.ROOT,
                            "%s is damaged: its header declares %,d bytes.",
                            name,
                            declared));
        }
        if (size < declared) {
            throw new GuestImageException(
                    String.format(
                            Locale.ROOT,
                            "%s is truncated: it has %,d of %,d bytes.",
                            name,
                            size,
                            declared));
        }
        if (size > declared) {
            throw new GuestImageException(
                    String.format(
                            Locale.ROOT,
                            "%s is damaged: %,d bytes follow the %,d that its header declares.",
                            name,
                            size - declared,
                            declared));
        }
    }

    private void checkPlace(String name) throws GuestImageException {
        long gpa = loadGpa();
        long end = gpa + image.capacity();
        if (gpa % 16 != 0 || end > REAL_MODE_END || end > minRamBytes()) {
            throw new GuestImageException(
                    "%s is damaged: it can't be loaded at 0x%x.".formatted(name, gpa));
        }
        if (!within(BLOB_OFFSET, image.getInt(BLOB_SIZE_OFFSET))) {
            throw new GuestImageException(name + " is damaged: its user blob lies outside it.");
        }
    }

    private List<Phase> readPhases(String name) throws GuestImageException {
        int count = image.getInt(PHASE_COUNT_OFFSET);
        if (count < 0 || count > MAX_PHASES || !within(PHASES_OFFSET, count * PHASE_BYTES)) {
            throw new GuestImageException(name + " is damaged: its phase table lies outside it.");
        }
        List<Phase> table = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            table.add(readPhase(name, image.getInt(PHASES_OFFSET) + i * PHASE_BYTES));
        }
        return List.copyOf(table);
    }

    private Phase readPhase(String name, int at) throws GuestImageException {
        int kind = image.getInt(at + 8);
        if (kind < 0 || kind >= Phase.Kind.values().length) {
            throw new GuestImageException(
                    "%s is damaged: phase kind %d is unknown.".formatted(name, kind));
        }
        int ring = image.getInt(at + 4);
        if (ring < 0 || ring > 3) {
            throw new GuestImageException(
                    "%s is damaged: there is no ring %d.".formatted(name, ring));
        }
        byte[] text = new byte[PHASE_BYTES - PHASE_NAME_OFFSET];
        image.get(at + PHASE_NAME_OFFSET, text);
        return new Phase(
                image.getInt(at),
                ring,
                Phase.Kind.values()[kind],
                image.getInt(at + 12),
                image.getLong(at + 16),
                image.getLong(at + 24),
                new String(text, StandardCharsets.UTF_8).replaceAll("\0.*", ""));
    }

    /// Whether `size` bytes from the offset that stands at `offsetField` on lie in the image, behind the header.
    private boolean within(int offsetField, int size) {
        long offset = Integer.toUnsignedLong(image.getInt(offsetField));
        return offset >= HEADER_BYTES && offset + Integer.toUnsignedLong(size) <= image.capacity();
    }

    /// The phase table, in the guest's order.
    public List<Phase> phases() {
        return phases;
    }

    /// Position-independent code of the ring-3 workloads, for the host to call: at its start is
    /// `uint64_t entry(uint64_t phaseId, void *arena, uint64_t ops)`, by the System V ABI, with an arena of 4 MiB.
    public byte[] userBlob() {
        byte[] blob = new byte[image.getInt(BLOB_SIZE_OFFSET)];
        image.get(image.getInt(BLOB_OFFSET), blob);
        return blob;
    }

    /// The whole image, as it is loaded.
    public byte[] bytes() {
        return image.array().clone();
    }

    /// Where it is loaded and, as a real-mode segment at offset 0, entered.
    public long loadGpa() {
        return Integer.toUnsignedLong(image.getInt(LOAD_GPA_OFFSET));
    }

    /// RAM that the guest needs, in bytes.
    public long minRamBytes() {
        return Integer.toUnsignedLong(image.getInt(MIN_RAM_OFFSET));
    }
}
