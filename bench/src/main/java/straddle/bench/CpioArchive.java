package straddle.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Files as Linux unpacks them at its start: cpio's "newc" format (Linux's
/// Documentation/driver-api/early-userspace/buffer-format.rst).
final class CpioArchive {
    private static final int HEADER_BYTES = 110;
    private static final int FIELDS = 13;
    private static final int SIZE_FIELD = 6;
    private static final int NAME_FIELD = 11;
    private static final int EXECUTABLE_FILE = 0100755;
    private static final String LAST = "TRAILER!!!";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    CpioArchive() {}

    CpioArchive add(String path, byte[] content) throws IOException {
        entry(path, EXECUTABLE_FILE, content);
        return this;
    }

    byte[] end() throws IOException {
        entry(LAST, 0, new byte[0]);
        return bytes.toByteArray();
    }

    private void entry(String path, int mode, byte[] content) throws IOException {
        byte[] name = (path + '\0').getBytes(StandardCharsets.US_ASCII);
        int[] fields = new int[FIELDS];
        fields[1] = mode;
        fields[4] = 1;
        fields[SIZE_FIELD] = content.length;
        fields[NAME_FIELD] = name.length;
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append(HexFormat.of().toHexDigits(field));
        }
        bytes.write(header.toString().getBytes(StandardCharsets.US_ASCII));
        bytes.write(name);
        pad();
        bytes.write(content);
        pad();
    }

    private void pad() {
        while (bytes.size() % 4 != 0) {
            bytes.write(0);
        }
    }

    /// A file of an archive, which is not compressed.
    static byte[] find(byte[] archive, String path) throws IOException {
        int at = 0;
        while (at + HEADER_BYTES <= archive.length) {
            int size = field(archive, at, SIZE_FIELD);
            int nameBytes = field(archive, at, NAME_FIELD);
            int start = at + HEADER_BYTES;
            String name = new String(archive, start, nameBytes - 1, StandardCharsets.US_ASCII);
            int content = start + nameBytes + 3 & -4;
            if (name.equals(path)) {
                byte[] found = new byte[size];
                System.arraycopy(archive, content, found, 0, size);
                return found;
            }
            if (name.equals(LAST)) {
                break;
            }
            at = content + size + 3 & -4;
        }
        throw new IOException("The guest's archive has no " + path);
    }

    private static int field(byte[] archive, int at, int field) {
        String text = new String(archive, at + 6 + 8 * field, 8, StandardCharsets.US_ASCII);
        return Integer.parseUnsignedInt(text, 16);
    }
}
