package straddle.machines.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// ACPI Machine Language terms (ACPI 6.5, chapter 20), as bytes: each method makes one term of the grammar.
public final class Aml {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0a;
    private static final int WORD_PREFIX = 0x0b;
    private static final int DWORD_PREFIX = 0x0c;
    private static final int STRING_PREFIX = 0x0d;
    private static final int QWORD_PREFIX = 0x0e;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int DUAL_NAME_PREFIX = 0x2e;
    private static final int EXT_OP = 0x5b;
    private static final int DEVICE_OP = 0x82;

    private Aml() {}

    /// A few terms, one after another.
    public static byte[] list(List<byte[]> terms) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        terms.forEach(out::writeBytes);
        return out.toByteArray();
    }

    /// DefScope.
    public static byte[] scope(String name, List<byte[]> terms) {
        return block(new byte[] {SCOPE_OP}, join(name(name), list(terms)));
    }

    /// DefDevice.
    public static byte[] device(String name, List<byte[]> terms) {
        return block(new byte[] {EXT_OP, (byte) DEVICE_OP}, join(name(name), list(terms)));
    }

    /// DefName.
    public static byte[] named(String name, byte[] value) {
        return join(new byte[] {NAME_OP}, name(name), value);
    }

    /// An integer constant in its shortest form.
    public static byte[] integer(long value) {
        if (value == 0) {
            return new byte[] {ZERO_OP};
        }
        if (value == 1) {
            return new byte[] {ONE_OP};
        }
        if (value >>> 8 == 0) {
            return join(new byte[] {BYTE_PREFIX}, little(value, 1));
        }
        if (value >>> 16 == 0) {
            return join(new byte[] {WORD_PREFIX}, little(value, 2));
        }
        return value >>> 32 == 0
                ? join(new byte[] {DWORD_PREFIX}, little(value, 4))
                : join(new byte[] {QWORD_PREFIX}, little(value, 8));
    }

    /// String.
    public static byte[] string(String text) {
        return join(
                new byte[] {STRING_PREFIX}, text.getBytes(StandardCharsets.US_ASCII), new byte[1]);
    }

    /// DefPackage.
    public static byte[] pack(List<byte[]> elements) {
        return block(new byte[] {PACKAGE_OP}, join(little(elements.size(), 1), list(elements)));
    }

    /// DefBuffer.
    public static byte[] buffer(byte[] bytes) {
        return block(new byte[] {BUFFER_OP}, join(integer(bytes.length), bytes));
    }

    /// A plug-and-play ID such as `PNP0501`, compressed (19.3.4, EISAID).
    public static byte[] eisaId(String id) {
        int letters = 0;
        for (int i = 0; i < 3; i++) {
            letters = letters << 5 | id.charAt(i) - '@';
        }
        int product = Integer.parseInt(id.substring(3), 16);
        return integer(Integer.toUnsignedLong(Integer.reverseBytes(letters << 16 | product)));
    }

    /// NameString: `\_SB_`, `_HID`, or two segments as `\_SB_.PCI0`.
    private static byte[] name(String name) {
        boolean root = name.startsWith("\\");
        String path = root ? name.substring(1) : name;
        int segments = path.isEmpty() ? 0 : (path.length() + 1) / 5;
        if (segments > 2 || path.length() != Math.max(0, segments * 5 - 1)) {
            throw new IllegalArgumentException(name + " is not one or two names of 4 letters");
        }
        byte[] prefix = root ? new byte[] {'\\'} : new byte[0];
        byte[] dual = segments == 2 ? new byte[] {DUAL_NAME_PREFIX} : new byte[0];
        byte[] text = path.replace(".", "").getBytes(StandardCharsets.US_ASCII);
        return join(prefix, dual, segments == 0 ? new byte[1] : text);
    }

    /// A term with a PkgLength (20.2.4), which counts itself.
    private static byte[] block(byte[] op, byte[] body) {
        int extra = 0;
        while (body.length + 1 + extra >= (extra == 0 ? 1 << 6 : 1 << 4 + 8 * extra)) {
            extra++;
        }
        int length = body.length + 1 + extra;
        byte[] prefix = new byte[1 + extra];
        prefix[0] = (byte) (extra == 0 ? length : extra << 6 | length & 0xf);
        for (int i = 1; i <= extra; i++) {
            prefix[i] = (byte) (length >>> 8 * i - 4);
        }
        return join(op, prefix, body);
    }

    static byte[] little(long value, int bytes) {
        byte[] out = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            out[i] = (byte) (value >>> 8 * i);
        }
        return out;
    }

    static byte[] join(byte[]... parts) {
        return list(List.of(parts));
    }
}
